package io.moongate.failure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.failure.Observation.Kind;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PartDecisionTest {
  private static final List<String> PORTALS = List.of("a:1", "b:1");
  private static final Set<String> OBSERVERS = Set.of("gw2", "gw3", "gw4");

  private static Observation seen(String observer, Kind kind, String part) {
    return new Observation(observer, "gw1", "p1", kind, Instant.EPOCH, "", part);
  }

  private static List<Observation> lost(Observation... observations) {
    return PartDecision.portalsLost("gw1", "p1", PORTALS, List.of(observations), OBSERVERS);
  }

  @Test
  void ofItsOwnHostAGatewayIsBelieved() {
    Observation a = seen("gw1", Kind.PORTAL_LOST, "a:1");
    Observation b = seen("gw1", Kind.PORTAL_LOST, "b:1");
    assertEquals(List.of(a, b), lost(a, b));
    assertEquals(List.of(), lost(a), "hosts reach the other portal");
    assertEquals(List.of(), lost(a, seen("gw2", Kind.PORTAL_LOST, "b:1")));
  }

  @Test
  void othersAreBelievedWhenMoreThanHalfOfThoseThatLookSaySo() {
    Observation a = seen("gw1", Kind.PORTAL_LOST, "a:1");
    Observation b2 = seen("gw2", Kind.PORTAL_UNREACHABLE, "b:1");
    Observation b3 = seen("gw3", Kind.PORTAL_UNREACHABLE, "b:1");
    assertEquals(List.of(a, b2, b3), lost(a, b2, b3));
    assertEquals(List.of(), lost(a, b2));
    assertEquals(List.of(), lost(a, b2, seen("gw5", Kind.PORTAL_UNREACHABLE, "b:1")));
  }

  /** It may be the one that looks who can't reach anybody. */
  @Test
  void oneOtherIsNeverEnough() {
    Observation a = seen("gw2", Kind.PORTAL_UNREACHABLE, "a:1");
    Observation b = seen("gw2", Kind.PORTAL_UNREACHABLE, "b:1");
    assertEquals(
        List.of(), PartDecision.portalsLost("gw1", "p1", PORTALS, List.of(a, b), Set.of("gw2")));
  }

  @Test
  void ofAnotherProcessNothingCounts() {
    Observation a = seen("gw1", Kind.PORTAL_LOST, "a:1");
    Observation b = seen("gw1", Kind.PORTAL_LOST, "b:1");
    assertEquals(
        List.of(), PartDecision.portalsLost("gw1", "p2", PORTALS, List.of(a, b), OBSERVERS));
    assertEquals(
        List.of(), PartDecision.portalsLost("gw2", "p1", PORTALS, List.of(a, b), OBSERVERS));
  }

  @Test
  void whoHasNoPortalsHasLostNone() {
    assertEquals(List.of(), PartDecision.portalsLost("gw1", "p1", List.of(), List.of(), OBSERVERS));
  }

  @Test
  void ofItsStoreOnlyAGatewayItselfIsBelieved() {
    Observation failing = seen("gw1", Kind.STORE_FAILING, "u1");
    List<Observation> all =
        List.of(
            failing,
            seen("gw2", Kind.STORE_FAILING, "u1"),
            seen("gw1", Kind.STORE_SLOW, "u2"),
            seen("gw1", Kind.PORTAL_LOST, "u1"));
    assertEquals(List.of(failing), PartDecision.storeTrouble("gw1", "p1", "u1", all));
    assertEquals(List.of(), PartDecision.storeTrouble("gw1", "p2", "u1", all));
  }
}
