package io.moongate.failure;

import io.moongate.failure.Observation.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Whether a gateway has failed: a pure function of what several gateways saw of it. It reads no
 * clock and knows no actor; the same observations give the same verdict everywhere, so that an
 * entity can judge again what a gateway asks it to act upon.
 *
 * <p>What failed is named with who missed its heartbeats, although that decides nothing then:
 * whoever reads the record wants to know who saw it.
 *
 * <ul>
 *   <li>Proof that the process is gone, was superseded by a newer incarnation or has stopped
 *       serving suffices from one observer: it can't be undone.
 *   <li>Removal is the word of the membership, or of a charter that a majority or Cassandra has put
 *       in force; what the gateway owned may be moved once its lease has run out as well (design
 *       rule 3).
 *   <li>Missing heartbeats alone make a gateway suspected, never failed: it may only be slow.
 * </ul>
 */
public final class FailureDecision {
  private static final Set<Kind> PROOF =
      EnumSet.of(Kind.PROCESS_GONE, Kind.SUPERSEDED, Kind.STOPPED, Kind.RECORDED_FAILED);

  private FailureDecision() {}

  /** How much is lost. */
  public enum Verdict {
    /** Nothing is known against it. */
    HEALTHY,
    /** Some gateway misses its heartbeats. */
    SUSPECTED,
    /** A majority of the electors misses its heartbeats. */
    SUSPECTED_BY_MAJORITY,
    /** Out of the cluster, but its lease may still be running: nothing may be moved yet. */
    EXPELLED,
    /** Failed: what it owned may be moved. */
    FAILED
  }

  /**
   * A verdict and what led to it.
   *
   * @param verdict how much is lost
   * @param evidence the observations that the verdict rests upon, then the others that led to it
   */
  public record Decision(Verdict verdict, List<Observation> evidence) {
    public Decision {
      evidence = List.copyOf(evidence);
    }

    /** Whether what the gateway owned may be moved. */
    public boolean failed() {
      return verdict == Verdict.FAILED;
    }
  }

  /**
   * Decides about one incarnation of a gateway.
   *
   * @param subject name of the gateway
   * @param incarnation the process in question: observations of another one don't count
   * @param observations what is standing; a later one of the same observer and kind replaces an
   *     earlier one before it comes here
   * @param electors names of the gateways whose missing heartbeats count, the subject not among
   *     them
   */
  public static Decision decide(
      String subject,
      String incarnation,
      Collection<Observation> observations,
      Set<String> electors) {
    List<Observation> proof = new ArrayList<>();
    List<Observation> removed = new ArrayList<>();
    List<Observation> leaseOut = new ArrayList<>();
    List<Observation> missed = new ArrayList<>();
    for (Observation seen : observations) {
      if (!seen.subject().equals(subject) || !seen.incarnation().equals(incarnation)) {
        continue;
      }
      if (PROOF.contains(seen.kind())) {
        proof.add(seen);
      } else if (seen.kind() == Kind.REMOVED) {
        removed.add(seen);
      } else if (seen.kind() == Kind.LEASE_OUT) {
        leaseOut.add(seen);
      } else if (seen.kind() == Kind.UNREACHABLE) {
        missed.add(seen);
      }
    }
    if (!proof.isEmpty()) {
      return new Decision(Verdict.FAILED, both(proof, missed));
    }
    if (!removed.isEmpty()) {
      Verdict verdict = leaseOut.isEmpty() ? Verdict.EXPELLED : Verdict.FAILED;
      return new Decision(verdict, both(both(removed, leaseOut), missed));
    }
    missed.removeIf(seen -> !electors.contains(seen.observer()));
    if (missed.isEmpty()) {
      return new Decision(Verdict.HEALTHY, List.of());
    }
    long missing = missed.stream().map(Observation::observer).distinct().count();
    boolean majority = missing * 2 > electors.size();
    return new Decision(majority ? Verdict.SUSPECTED_BY_MAJORITY : Verdict.SUSPECTED, missed);
  }

  private static List<Observation> both(List<Observation> some, List<Observation> others) {
    List<Observation> all = new ArrayList<>(some);
    all.addAll(others);
    return all;
  }
}
