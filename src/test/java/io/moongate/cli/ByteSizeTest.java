package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

/** Sizes as people write them. */
class ByteSizeTest {

  @ParameterizedTest
  @CsvSource({
    "0,0",
    "512,512",
    "512B,512",
    "1KiB,1024",
    "10GiB,10737418240",
    "10 GiB,10737418240",
    "1.5TiB,1649267441664",
    "10GB,10000000000",
    "1kB,1000",
    "7PiB,7881299347898368",
    "9223372036854775807,9223372036854775807"
  })
  void size(String text, long bytes) {
    assertEquals(bytes, new ByteSize().convert(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "GiB",
        "10G",
        "10g",
        "10gib",
        "-1",
        "1e3",
        "1,5GiB",
        "0.3KiB",
        "1.5",
        "9223372036854775808",
        "8192PiB",
        "10GiBx"
      })
  void notASize(String text) {
    assertThrows(TypeConversionException.class, () -> new ByteSize().convert(text));
  }

  @ParameterizedTest
  @CsvSource({
    "0,0B",
    "512,512B",
    "1024,1KiB",
    "1536,1536B",
    "10737418240,10GiB",
    "1000000,1000000B"
  })
  void shownExactly(long bytes, String text) {
    assertEquals(text, ByteSize.text(bytes));
  }
}
