package io.moongate.cluster.ownership;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.cluster.ownership.WaitingUnits.Waiting;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WaitingUnitsTest {
  private final View view = new View();

  @BeforeEach
  void threeGatewaysAndAUnitOfTheFirst() {
    view.apply(Entries.up("gw1", 1));
    view.apply(Entries.up("gw2", 2));
    view.apply(Entries.up("gw3", 3));
    view.apply(Entries.unit("u1", 1, Phase.SERVING, 1, "gw1"));
    view.apply(Entries.unit("u2", 1, Phase.SERVING, 1, "gw2"));
    view.apply(Entries.unit("u3", 1, Phase.UNOWNED, 1, ""));
  }

  private static Observation seen(String observer, Kind kind) {
    return new Observation(observer, "gw1", "gw1-p1", kind, Entries.NOW.plusSeconds(9), "");
  }

  private List<Waiting> waiting(Observation... observations) {
    return WaitingUnits.of(
        view,
        List.of(observations),
        "gw2",
        "a charter is being proposed",
        unit -> Optional.empty());
  }

  private void requireCause(String cause, Observation... observations) {
    List<Waiting> waiting = waiting(observations);
    assertEquals(1, waiting.size(), waiting::toString);
    assertEquals("u1", waiting.get(0).unit().id());
    assertEquals(cause, waiting.get(0).cause());
    assertEquals(Entries.NOW.plusSeconds(9), waiting.get(0).since());
  }

  @Test
  void whatIsServedDoesNotWaitNorWhatOneGatewayAloneMisses() {
    assertEquals(List.of(), waiting());
    assertEquals(List.of(), waiting(seen("gw2", Kind.UNREACHABLE)));
  }

  @Test
  void whatIsWaitedForIsSaidStepByStep() {
    Observation ofOne = seen("gw2", Kind.UNREACHABLE);
    Observation ofAnother = seen("gw3", Kind.UNREACHABLE);
    requireCause(
        "gw1: unreachable by gw2, unreachable by gw3; no charter without it is in force: a charter is being proposed",
        ofOne,
        ofAnother);
    Observation removed = seen("gw2", Kind.REMOVED);
    requireCause(
        "gw1: removed by gw2, unreachable by gw2, unreachable by gw3; its lease may be running still",
        ofOne,
        ofAnother,
        removed);
    requireCause(
        "gw1: removed by gw2, lease-out by gw3, unreachable by gw2; the next owner is not on record",
        ofOne,
        removed,
        seen("gw3", Kind.LEASE_OUT));
  }

  @Test
  void whatIsOnRecordIsAsOldAsTheRecord() {
    view.apply(Entries.gateway("gw1", 2, GatewayEntry.State.FAILED, "gw1-p1", 1));
    List<Waiting> waiting = waiting();
    assertEquals(
        "gw1: recorded-failed by gw2; the next owner is not on record", waiting.get(0).cause());
    assertEquals(Entries.NOW, waiting.get(0).since());
  }

  @Test
  void whoIsGoneMissesNobody() {
    view.apply(Entries.gateway("gw3", 2, GatewayEntry.State.FAILED, "gw3-p1", 3));
    requireCause(
        "gw1: process-gone by gw2; the next owner is not on record",
        seen("gw2", Kind.PROCESS_GONE),
        seen("gw3", Kind.UNREACHABLE));
  }

  @Test
  void aMoveStaysAMove() {
    view.apply(Entries.unit("u1", 2, Phase.RELEASING, 1, "gw1"));
    assertEquals(List.of(), waiting(seen("gw2", Kind.PROCESS_GONE)));
  }

  @Test
  void whyTheRowIsNotKnownIsSaid() {
    List<Waiting> waiting =
        WaitingUnits.of(
            view,
            List.of(seen("gw3", Kind.PROCESS_GONE)),
            "gw2",
            "",
            unit -> Optional.of("no node was available").filter(why -> unit.id().equals("u1")));
    assertEquals(
        "gw1: process-gone by gw3; gw2 asked for its ownership row: no node was available",
        waiting.get(0).cause());
  }
}
