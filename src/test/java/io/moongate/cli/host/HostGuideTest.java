package io.moongate.cli.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is printed for hosts: whole, in form, and the same numbers for each. */
class HostGuideTest {
  private static final String IQN = "iqn.2026-11.com.example:disks";
  private static final List<String> PORTALS =
      List.of("10.0.0.1:3260", "10.0.0.2:3260", "[fd00::3]:3261");

  private static Exports exports(boolean listed, String chap, String mutual) {
    return new Exports(
        PORTALS, List.of(new Exports.Exported(IQN, PORTALS, listed, chap, mutual, false)));
  }

  private static List<String> lines(Host host, Exports exports) {
    List<String> lines = new ArrayList<>();
    HostGuide.of(host, exports).steps().forEach(step -> lines.addAll(step.lines()));
    return lines;
  }

  private static List<String> file(String name) {
    return HostGuide.of(Host.linux, exports(false, null, null)).steps().stream()
        .filter(step -> name.equals(step.where()))
        .findFirst()
        .orElseThrow()
        .lines();
  }

  @ParameterizedTest
  @EnumSource(Host.class)
  void everyPortalIsDiscoveredAndNoLineIsTooLongToRead(Host host) {
    String all = String.join("\n", lines(host, exports(false, null, null)));
    for (String portal : PORTALS) {
      assertTrue(all.contains(Exports.address(portal)), () -> host + " lacks " + portal);
    }
    assertFalse(all.contains("allow"), "an open target needs no list");
    assertFalse(all.contains("SECRET"), all);
  }

  @ParameterizedTest
  @EnumSource(Host.class)
  void listsAndChapAreToldWhereTheTargetHasThem(Host host) {
    String all = String.join("\n", lines(host, exports(true, "host1", "target1")));
    assertTrue(all.contains("moongate target allow " + IQN), all);
    assertTrue(all.contains("host1") && all.contains("target1"), all);
  }

  @Test
  void multipathConfIsInForm() {
    Deque<String> sections = new ArrayDeque<>();
    Map<String, String> device = new HashMap<>();
    for (String line : file("/etc/multipath.conf")) {
      String text = line.strip();
      if (text.startsWith("#")) {
        continue;
      } else if (text.endsWith("{")) {
        sections.push(text.substring(0, text.length() - 1).strip());
      } else if (text.equals("}")) {
        sections.pop();
      } else {
        assertTrue(text.matches("[a-z_]+ (\"[^\"]*\"|[a-z0-9_]+)"), text);
        String[] pair = text.split(" ", 2);
        if (sections.peek().equals("device")) {
          device.put(pair[0], pair[1].replace("\"", ""));
        }
      }
    }
    assertTrue(sections.isEmpty(), "a section is left open");
    assertEquals("MOONGATE", device.get("vendor"));
    assertTrue("Moongate file".matches(device.get("product")));
    assertEquals("1 alua", device.get("hardware_handler"));
    assertEquals("alua", device.get("prio"));
    assertEquals("group_by_prio", device.get("path_grouping_policy"));
    assertEquals("immediate", device.get("failback"));
    assertEquals("queue", device.get("no_path_retry"));
    assertEquals("tur", device.get("path_checker"));
  }

  @Test
  void whatMultipathSetsOfASessionIsWhatOpenIscsiSets() {
    Map<String, String> iscsid = new HashMap<>();
    for (String line : file("/etc/iscsi/iscsid.conf")) {
      if (!line.startsWith("#")) {
        assertTrue(line.matches("node\\.[a-z_.\\[\\]0-9]+ = [a-z0-9]+"), line);
        iscsid.put(line.split(" = ")[0], line.split(" = ")[1]);
      }
    }
    String replacement = iscsid.get("node.session.timeo.replacement_timeout");
    assertTrue(
        file("/etc/multipath.conf").stream()
            .anyMatch(line -> line.strip().equals("fast_io_fail_tmo " + replacement)));
    assertEquals("5", iscsid.get("node.conn[0].timeo.noop_out_interval"));
    assertEquals("5", iscsid.get("node.conn[0].timeo.noop_out_timeout"));
  }

  @Test
  void everySettingHasItsReason() {
    for (String name : List.of("/etc/iscsi/iscsid.conf", "/etc/udev/rules.d/99-moongate.rules")) {
      assertTrue(file(name).get(0).startsWith("#"), name);
    }
  }

  @Test
  void esxiClaimsByVendorAndWindowsByPaddedNames() {
    assertTrue(
        String.join("\n", lines(Host.esxi, exports(false, null, null)))
            .contains("--satp=VMW_SATP_ALUA --psp=VMW_PSP_RR --vendor=MOONGATE"));
    List<String> windows = lines(Host.windows, exports(false, null, null));
    String claim =
        windows.stream()
            .filter(line -> line.contains("mpclaim -r -i -d"))
            .findFirst()
            .orElseThrow();
    String quoted = claim.substring(claim.indexOf('"') + 1, claim.lastIndexOf('"'));
    assertEquals(24, quoted.length(), "8 characters of the vendor, 16 of the product");
    assertTrue(
        windows.stream()
            .anyMatch(
                line ->
                    line.contains("-TargetPortalAddress fd00::3 -TargetPortalPortNumber 3261")));
  }
}
