package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.cluster.view.ChapEntry;
import io.moongate.cluster.view.InitiatorEntry;
import io.moongate.cluster.view.TargetAccess;
import io.moongate.cluster.view.TargetEntry;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Whose sessions a change ends. */
class AccessWatchTest {
  private static final Optional<ChapEntry> ONE = Optional.of(new ChapEntry("u", "1:a"));
  private static final Optional<ChapEntry> OTHER = Optional.of(new ChapEntry("u", "1:b"));
  private static final TargetAccess LISTED = TargetAccess.OPEN.with(TargetAccess.Mode.LISTED);

  private final AccessWatch watch = new AccessWatch();
  private long version;

  private static InitiatorEntry entry(Optional<ChapEntry> chap) {
    return new InitiatorEntry(chap, Optional.empty(), Optional.empty());
  }

  /** Of the hosts a, b and c, those whose sessions end. */
  private List<String> ended(TargetAccess access) {
    return ended(access, false);
  }

  private List<String> ended(TargetAccess access, boolean deleted) {
    var ends =
        watch.changed(
            new TargetEntry("t", ++version, List.of(), Map.of(), deleted, Instant.EPOCH, access));
    return Stream.of("a", "b", "c")
        .filter(host -> ends.isPresent() && ends.get().test(host))
        .toList();
  }

  @Test
  void whoMayNotLogInAnyMore() {
    TargetAccess both = LISTED.with("a", entry(Optional.empty())).with("b", entry(ONE));
    assertEquals(List.of(), ended(TargetAccess.OPEN), "the first that is known of it");
    assertEquals(List.of("b", "c"), ended(both), "b has to authenticate itself now");
    assertEquals(List.of(), ended(both));
    assertEquals(List.of("a", "c"), ended(both.without("a")), "c has none that could end");
    assertEquals(List.of(), ended(both.without("a").with(TargetAccess.Mode.OPEN)));
  }

  @Test
  void whoWouldHaveToAuthenticateItselfInAnotherWay() {
    ended(TargetAccess.OPEN);
    TargetAccess open = TargetAccess.OPEN.with("b", entry(ONE));
    assertEquals(List.of("b"), ended(open));
    assertEquals(List.of("a", "c"), ended(open.withChap(ONE)), "b has its own");
    assertEquals(List.of("a", "c"), ended(open.withChap(OTHER)));
    TargetAccess changed = open.withChap(OTHER).with("b", entry(OTHER));
    assertEquals(List.of("b"), ended(changed));
    assertEquals(List.of(), ended(changed.withMutualChap(ONE)));
    assertEquals(List.of(), ended(changed.withChap(Optional.empty())), "more than is asked for");
    assertEquals(List.of(), ended(TargetAccess.OPEN));
  }

  @Test
  void aMaskEndsNone() {
    ended(LISTED.with("a", entry(ONE)));
    assertEquals(
        List.of("b", "c"),
        ended(
            LISTED.with(
                "a", new InitiatorEntry(ONE, Optional.of(Map.of(0, 1)), Optional.of("r")))));
  }

  @Test
  void aTargetThatComesBackIsAnother() {
    ended(LISTED);
    ended(TargetAccess.OPEN, true);
    assertEquals(List.of(), ended(LISTED));
  }
}
