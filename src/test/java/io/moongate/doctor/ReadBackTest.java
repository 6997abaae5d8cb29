package io.moongate.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cli.ApiView;
import io.moongate.cli.CheckResult;
import io.moongate.cli.CheckResult.State;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Path;
import io.moongate.management.api.Target;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What hosts see that the API does not say is told, each sort of difference by its name. */
@Timeout(60)
class ReadBackTest {
  private static final String IQN = "iqn.2026-11.io.moongate:demo";

  private FakePortal portal;
  private String access = "open";

  @BeforeEach
  void portalThatIsAsTheApiSays() throws IOException {
    portal = new FakePortal();
    portal.discovered = List.of(IQN);
    portal.luns = Map.of(IQN, List.of(0));
    portal.states = Map.of(1, 0, 2, 1);
  }

  @AfterEach
  void close() throws IOException {
    portal.close();
  }

  private static <T> T record(Class<T> type, Map<String, Object> fields) {
    return ApiJson.mapper().convertValue(fields, type);
  }

  private ApiView view() {
    return new ApiView(
        "gw1",
        List.of(
            record(
                Gateway.class,
                Map.of(
                    "name",
                    "gw1",
                    "state",
                    "up",
                    "portGroup",
                    1,
                    "portals",
                    List.of(portal.address()))),
            record(
                Gateway.class,
                Map.of("name", "gw2", "state", "failed", "portals", List.of("192.0.2.1:3260")))),
        List.of(
            record(
                Target.class,
                Map.of(
                    "name",
                    IQN,
                    "gateways",
                    List.of("gw1", "gw2"),
                    "access",
                    access,
                    "luns",
                    List.of(Map.of("lun", 0, "id", "unit"))))),
        List.of(
            record(
                LogicalUnit.class,
                Map.of("id", "unit", "target", IQN, "lun", 0, "naa", "3000000000000001"))),
        List.of(path("gw1", 1, "active-optimized"), path("gw2", 2, "active-non-optimized")));
  }

  private static Path path(String gateway, int group, String state) {
    return record(
        Path.class,
        Map.of("target", IQN, "lun", 0, "gateway", gateway, "tpg", group, "state", state));
  }

  private CheckResult check() {
    List<CheckResult> results =
        new ReadBack(this::view, "iqn.x:doctor", Duration.ofSeconds(10)).check(view());
    assertEquals(1, results.size(), "one portal of a gateway that is up: " + results);
    return results.get(0);
  }

  private void differs(String words) {
    CheckResult result = check();
    assertEquals(State.FAIL, result.state(), result::toString);
    assertTrue(result.detail().contains(words), result::detail);
  }

  @Test
  void whatIsAsTheApiSaysIsFine() {
    CheckResult result = check();
    assertEquals(State.OK, result.state(), result::toString);
    assertTrue(result.detail().contains("1 targets and 1 LUNs"), result::detail);
  }

  @Test
  void aTargetThatDiscoveryDoesNotName() {
    portal.discovered = List.of();
    differs("target " + IQN + " is not discovered");
    portal.discovered = List.of(IQN, "iqn.x:other");
    differs("target iqn.x:other is discovered");
  }

  @Test
  void lunsThatAreNotThoseThatAreMapped() {
    portal.luns = Map.of(IQN, List.of(0, 300));
    differs(IQN + " has LUNs [0, 300], and maps [0]");
  }

  @Test
  void anotherIdentity() {
    portal.naa = "3000000000000002";
    differs(IQN + "/0 has the NAA 3000000000000002 instead of 3000000000000001");
  }

  @Test
  void anotherPortGroup() {
    portal.portGroup = 9;
    differs(IQN + "/0 is in port group 9 instead of 1");
  }

  @Test
  void otherStates() {
    portal.states = Map.of(1, 1, 2, 0);
    differs("{1=active-non-optimized, 2=active-optimized} instead of {1=active-optimized, 2=");
  }

  @Test
  void aRefusalIsADifferenceOnlyOfAnOpenTarget() {
    portal.loginStatus = 0x0202;
    differs(IQN + " is open, and refuses: login refused with status 0202");
    access = "listed";
    CheckResult result = check();
    assertEquals(State.OK, result.state(), result::toString);
    assertTrue(result.detail().contains("its access list or CHAP"), result::detail);
  }

  @Test
  void aPortalThatTakesNoConnections() throws IOException {
    String gone = portal.address();
    portal.close();
    CheckResult result = check();
    assertEquals(State.FAIL, result.state(), result::toString);
    assertTrue(result.detail().startsWith("portal " + gone + " of gw1: "), result::detail);
  }
}
