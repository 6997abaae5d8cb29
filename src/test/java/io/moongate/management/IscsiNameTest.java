package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The names of RFC 7143 section 4.2.7, and what only looks like one. */
class IscsiNameTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "iqn.2026-11.io.moongate:demo",
        "iqn.2001-04.com.example:storage:diskarrays-sn-a8675309",
        "iqn.2001-04.com.example",
        "iqn.2001-12.com.example:storage.tape1.sys1.xyz",
        "iqn.1999-01.x",
        "iqn.2001-04.com.ex--ample:-",
        "eui.02004567a425678d",
        "naa.52004567ba64678d",
        "naa.62004567ba64678d0123456789abcdef"
      })
  void right(String name) {
    assertEquals(Optional.empty(), IscsiName.fault(name));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "demo",
        "iqn.",
        "iqn.2026-11",
        "iqn.2026-11.",
        "iqn.2026-13.io.moongate",
        "iqn.2026-00.io.moongate",
        "iqn.26-11.io.moongate",
        "iqn.2026-11.io..moongate",
        "iqn.2026-11.-io.moongate",
        "iqn.2026-11.io-.moongate:x",
        "iqn.2026-11.io.moongate:",
        "iqn.2026-11.io.moongate:Demo",
        "iqn.2026-11.io.moongate:a_b",
        "iqn.2026-11.io.moongate:a b",
        "iqn.2026-11.io.moongate:a/b",
        "iqn.2026-11.io.moongate:a\n",
        "iqn.2026-11.io.moongate:ü",
        "eui.02004567A425678D",
        "eui.02004567a425678",
        "eui.02004567a425678g",
        "naa.62004567ba64678d",
        "naa.12004567ba64678d",
        "naa.52004567ba64678d0123456789abcdef",
        "xyz.2026-11.io.moongate"
      })
  void wrong(String name) {
    assertTrue(IscsiName.fault(name).isPresent(), name);
  }

  @Test
  void lengthIsBoundedInBytes() {
    String longest = "iqn.2026-11.io.moongate:";
    longest += "x".repeat(IscsiName.MAX_BYTES - longest.length());
    assertEquals(Optional.empty(), IscsiName.fault(longest));
    assertTrue(IscsiName.fault(longest + "x").orElseThrow().contains("224"));
  }
}
