package io.moongate.failure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.failure.Observation.Kind;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ObservationBoardTest {
  private final ObservationBoard board = new ObservationBoard();

  private static Observation seen(String observer, Kind kind, String part) {
    return new Observation(observer, "gw1", "p1", kind, Instant.EPOCH, "", part);
  }

  private Set<String> standing() {
    return board.about("gw1", "p1").stream()
        .map(seen -> seen.observer() + " " + seen.kind() + " " + seen.part())
        .collect(Collectors.toSet());
  }

  @Test
  void ofEachPartItIsKeptByItself() {
    assertTrue(board.note(seen("gw1", Kind.STORE_FAILING, "u1")));
    assertFalse(board.note(seen("gw1", Kind.STORE_FAILING, "u1")));
    assertTrue(board.note(seen("gw1", Kind.STORE_SLOW, "u2")));
    assertTrue(board.note(seen("gw1", Kind.STORE_WELL, "u1")));
    assertFalse(board.note(seen("gw1", Kind.STORE_WELL, "u1")));
    assertEquals(Set.of("gw1 STORE_SLOW u2"), standing());
  }

  @Test
  void whatIsTakenBackIsTheSameObserversAndOfTheSameSort() {
    board.note(seen("gw1", Kind.PORTAL_LOST, "a:1"));
    board.note(seen("gw2", Kind.PORTAL_UNREACHABLE, "a:1"));
    board.note(seen("gw2", Kind.UNREACHABLE, ""));
    assertTrue(board.note(seen("gw2", Kind.PORTAL_WELL, "a:1")));
    assertEquals(Set.of("gw1 PORTAL_LOST a:1", "gw2 UNREACHABLE "), standing());
    assertTrue(board.note(seen("gw2", Kind.REACHABLE, "")));
    assertEquals(Set.of("gw1 PORTAL_LOST a:1"), standing());
  }

  /** The word that took it back was lost on its way. */
  @Test
  void whatAnObserverDoesNotSayAnyMoreIsDroppedIfItPasses() {
    board.note(seen("gw2", Kind.PORTAL_UNREACHABLE, "a:1"));
    board.note(seen("gw2", Kind.UNREACHABLE, ""));
    board.note(seen("gw2", Kind.PROCESS_GONE, ""));
    board.note(seen("gw3", Kind.UNREACHABLE, ""));
    assertTrue(board.retain("gw2", List.of(seen("gw2", Kind.UNREACHABLE, ""))));
    assertEquals(Set.of("gw2 UNREACHABLE ", "gw2 PROCESS_GONE ", "gw3 UNREACHABLE "), standing());
    assertFalse(board.retain("gw2", List.of(seen("gw2", Kind.UNREACHABLE, ""))));
    assertTrue(board.retain("gw2", List.of()));
    assertEquals(Set.of("gw2 PROCESS_GONE ", "gw3 UNREACHABLE "), standing());
  }
}
