package io.moongate.scsi.task;

import io.moongate.scsi.Route;
import io.moongate.scsi.alua.PathStates;
import io.moongate.volume.Volume;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Who serves a logical unit, as this gateway knows it: path states and route of one version of the
 * view, and where that stands among transitions. Immutable and pure; a command is stamped from the
 * one that is current when it arrives.
 *
 * <p>A <em>transition</em> begins when serving ends, and ends when serving begins again. It is
 * numbered here, so that a command which waits for one is never taken into another. While nobody
 * serves, {@code awaitedEpoch} is the epoch that the transition leads to, as soon as that is known;
 * a newer one than that begins a second transition.
 */
public final class Ownership {
  private static final long UNDECIDED = -1;

  /** Nothing is known yet: commands are held for the first epoch that is published. */
  static final Ownership UNKNOWN =
      new Ownership(null, new Route.Transition(), false, 0, UNDECIDED, UNDECIDED, null);

  private final PathStates states;
  private final Route route;
  private final boolean serving;
  private final long transition;
  private final long awaitedEpoch;
  private final long servedEpoch;
  private final Drained drained;

  /** A volume that was drained under an epoch; it is not served under that epoch again. */
  private record Drained(Volume volume, long epoch) {}

  private Ownership(
      PathStates states,
      Route route,
      boolean serving,
      long transition,
      long awaitedEpoch,
      long servedEpoch,
      Drained drained) {
    this.states = states;
    this.route = route;
    this.serving = serving;
    this.transition = transition;
    this.awaitedEpoch = awaitedEpoch;
    this.servedEpoch = servedEpoch;
    this.drained = drained;
  }

  /**
   * What follows from newly published path states; {@code this} when they are older than what is
   * known, or would take the epoch back.
   */
  Ownership next(PathStates newStates, Route newRoute) {
    if (states != null
        && (newStates.version() < states.version() || newStates.epoch() < states.epoch())) {
      return this;
    }
    long epoch = newStates.epoch();
    boolean serves =
        newStates.serving()
            && !(newRoute instanceof Route.Transition)
            && !isClosed(newRoute, epoch);
    boolean begins = serving ? !serves : awaitedEpoch != UNDECIDED && awaitedEpoch != epoch;
    long number = begins ? transition + 1 : transition;
    if (serves) {
      return new Ownership(newStates, newRoute, true, number, UNDECIDED, epoch, drained);
    }
    long awaited = epoch > servedEpoch ? epoch : UNDECIDED;
    return new Ownership(newStates, newRoute, false, number, awaited, servedEpoch, drained);
  }

  /** What follows when the volume of a local route is drained: a transition begins. */
  Ownership drained() {
    if (!serving || !(route instanceof Route.Local local)) {
      return this;
    }
    Drained volume = new Drained(local.volume(), epoch());
    return new Ownership(states, route, false, transition + 1, UNDECIDED, servedEpoch, volume);
  }

  /** What follows when what was drained may be served again, once that is published. */
  Ownership undrained() {
    return new Ownership(states, route, serving, transition, awaitedEpoch, servedEpoch, null);
  }

  /** Whether a local route has no volume that may be used: not opened yet, or drained. */
  private boolean isClosed(Route newRoute, long epoch) {
    if (!(newRoute instanceof Route.Local local)) {
      return false;
    }
    boolean wasDrained =
        drained != null && local.volume() == drained.volume() && epoch == drained.epoch();
    return local.volume() == null || wasDrained;
  }

  /** The path states; empty until the first are published. */
  public Optional<PathStates> states() {
    return Optional.ofNullable(states);
  }

  /** Where commands to the medium go. Meaningful only while {@link #serving}. */
  Route route() {
    return route;
  }

  /** Whether an owner serves and this gateway has a way to it. */
  public boolean serving() {
    return serving;
  }

  /** Whether this gateway is the owner that serves. */
  public boolean servesHere() {
    return serving && route instanceof Route.Local;
  }

  /** The epoch under which this gateway itself serves; empty when it does not. */
  public OptionalLong servedHere() {
    return serving && route instanceof Route.Local
        ? OptionalLong.of(epoch())
        : OptionalLong.empty();
  }

  /** The epoch that is served; an arriving command is stamped with it. */
  long epoch() {
    return states.epoch();
  }

  /** The number of the transition that is under way, or of the last one. */
  long transition() {
    return transition;
  }

  /** Whether a command that is stamped with {@code epoch} may be executed now. */
  boolean executes(long epoch) {
    return serving && states.epoch() == epoch;
  }

  /** Whether the transition that is under way leads to {@code epoch}, for all that is known. */
  boolean awaits(long epoch) {
    return !serving && (awaitedEpoch == UNDECIDED ? epoch > servedEpoch : epoch == awaitedEpoch);
  }
}
