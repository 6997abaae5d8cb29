package io.moongate.scsi.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.Route;
import io.moongate.scsi.alua.PathStates;
import io.moongate.volume.Volume;
import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.api.Test;

class OwnershipTest {
  private static final Route TRANSITION = new Route.Transition();
  private static final Route REMOTE = new Route.Remote((unit, epoch, command, reply) -> {});

  private static PathStates states(long version, long epoch, boolean serving) {
    return new PathStates(version, epoch, serving, 1, 10, List.of());
  }

  /** Only its identity counts here. */
  private static Volume volume() {
    return (Volume)
        Proxy.newProxyInstance(
            Volume.class.getClassLoader(),
            new Class<?>[] {Volume.class},
            (self, method, arguments) -> {
              throw new UnsupportedOperationException(method.getName());
            });
  }

  private final Ownership served = Ownership.UNKNOWN.next(states(10, 5, true), REMOTE);

  @Test
  void nothingIsServedBeforeAnythingIsPublished() {
    assertFalse(Ownership.UNKNOWN.serving());
    assertTrue(served.serving());
    assertTrue(served.executes(5));
    assertFalse(served.executes(4));
    assertFalse(served.executes(6));
    assertEquals(
        Ownership.UNKNOWN.transition(), served.transition(), "what was held from the beginning");
  }

  @Test
  void olderVersionsAndEpochsChangeNothing() {
    assertSame(served, served.next(states(9, 5, true), REMOTE));
    assertSame(served, served.next(states(11, 4, true), REMOTE));
  }

  @Test
  void aTransitionEndsWithTheEpochThatItLeadsTo() {
    Ownership moving = served.next(states(11, 6, false), TRANSITION);
    assertFalse(moving.executes(6));
    assertTrue(moving.awaits(6));
    assertFalse(moving.awaits(7));
    assertNotEquals(served.transition(), moving.transition());

    Ownership later = moving.next(states(12, 6, false), TRANSITION);
    Ownership moved = later.next(states(13, 6, true), REMOTE);
    assertEquals(moving.transition(), moved.transition());
    assertTrue(moved.executes(6));
    assertFalse(moved.executes(5));
  }

  @Test
  void aTransitionMayBeginBeforeItsEpochIsKnown() {
    Ownership lost = served.next(states(11, 5, false), TRANSITION);
    assertFalse(lost.awaits(5));
    assertTrue(lost.awaits(6));

    Ownership moving = lost.next(states(12, 6, false), TRANSITION);
    assertEquals(lost.transition(), moving.transition());
    assertEquals(lost.transition(), moving.next(states(13, 6, true), REMOTE).transition());
    assertEquals(lost.transition(), lost.next(states(13, 6, true), REMOTE).transition());
    assertEquals(lost.transition(), lost.next(states(13, 5, true), REMOTE).transition());
  }

  @Test
  void aNewerEpochThanTheAwaitedOneIsASecondTransition() {
    Ownership moving = served.next(states(11, 6, false), TRANSITION);
    Ownership second = moving.next(states(12, 7, false), TRANSITION);
    assertNotEquals(moving.transition(), second.transition());
    assertEquals(second.transition(), second.next(states(13, 7, true), REMOTE).transition());

    Ownership unseen = moving.next(states(12, 7, true), REMOTE);
    assertTrue(unseen.serving());
    assertNotEquals(moving.transition(), unseen.transition());
  }

  @Test
  void eachTransitionHasItsOwnNumber() {
    Ownership first = served.next(states(11, 6, false), TRANSITION);
    Ownership second =
        first.next(states(12, 6, true), REMOTE).next(states(13, 7, false), TRANSITION);
    assertNotEquals(first.transition(), second.transition());
  }

  @Test
  void anOwnerWithoutAWayToItDoesNotServe() {
    assertFalse(served.next(states(11, 6, true), TRANSITION).serving());
  }

  @Test
  void aDrainedVolumeIsNotServedAgainUnderItsEpoch() {
    Volume volume = volume();
    Ownership local = served.next(states(11, 6, true), new Route.Local(volume));
    Ownership drained = local.drained();
    assertFalse(drained.serving());
    assertNotEquals(local.transition(), drained.transition());

    Ownership again = drained.next(states(12, 6, true), new Route.Local(volume));
    assertFalse(again.serving());
    assertEquals(drained.transition(), again.transition());
    assertFalse(again.next(states(12, 6, true), new Route.Local(volume)).serving());
    assertTrue(again.next(states(13, 6, true), new Route.Local(volume())).serving());
    assertTrue(again.next(states(13, 7, true), new Route.Local(volume)).serving());
    assertTrue(again.next(states(13, 6, true), REMOTE).serving());
  }

  @Test
  void aLocalRouteWithoutAVolumeDoesNotServe() {
    assertFalse(served.next(states(11, 6, true), new Route.Local(null)).serving());
  }

  @Test
  void onlyALocalRouteIsDrained() {
    assertSame(served, served.drained());
    assertSame(Ownership.UNKNOWN, Ownership.UNKNOWN.drained());
  }
}
