package io.moongate.cluster.charter;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Whose acknowledgements count: the guardians, processes by their incarnation. A gateway serves
 * only while it is one of them and a majority of them acknowledges it. There is one charter of each
 * version: a compare-and-set on a row in Cassandra decides.
 *
 * @param version 1 for the first; 0 before there is one
 * @param guardians incarnation to where it is
 * @param previous the guardians of the version before: who has to have adopted this one before it
 *     is in force
 * @param departed who were guardians once, the latest last; none of them ever is one again
 * @param leaseNanos length of its guardians' leases
 */
public record Charter(
    long version,
    Map<String, Seat> guardians,
    Map<String, Seat> previous,
    List<Departed> departed,
    long leaseNanos) {
  /** Before there is any charter. */
  public static final Charter NONE = new Charter(0, Map.of(), Map.of(), List.of(), 0);

  /** How many departed incarnations are kept: as many as gateways can go at once, twice. */
  static final int DEPARTED = 128;

  /**
   * A process that was a guardian.
   *
   * @param leaseNanos length of its leases
   */
  public record Departed(String incarnation, Seat seat, long leaseNanos) {}

  public Charter {
    guardians = Collections.unmodifiableMap(new TreeMap<>(guardians));
    previous = Collections.unmodifiableMap(new TreeMap<>(previous));
    departed = List.copyOf(departed);
  }

  /**
   * The charter that follows this one with other guardians.
   *
   * @param othersLeaseNanos length of their leases; of all of them
   */
  public Charter next(Map<String, Seat> others, long othersLeaseNanos) {
    Map<String, Departed> gone = new LinkedHashMap<>();
    departed.forEach(was -> gone.put(was.incarnation(), was));
    guardians.forEach(
        (incarnation, seat) -> {
          if (!others.containsKey(incarnation)) {
            gone.put(incarnation, new Departed(incarnation, seat, leaseNanos));
          }
        });
    List<Departed> all = new ArrayList<>(gone.values());
    return new Charter(
        version + 1,
        others,
        guardians,
        all.subList(Math.max(0, all.size() - DEPARTED), all.size()),
        othersLeaseNanos);
  }

  /** Whether a process is a guardian. */
  public boolean names(String incarnation) {
    return guardians.containsKey(incarnation);
  }

  /** Whether a process was a guardian and is none any more. */
  public boolean hasLeft(String incarnation) {
    return departed.stream().anyMatch(was -> was.incarnation().equals(incarnation));
  }

  /** Length of the longest lease of its guardians and of those that it remembers as former ones. */
  public long longestLeaseNanos() {
    long longest = leaseNanos;
    for (Departed was : departed) {
      longest = Math.max(longest, was.leaseNanos());
    }
    return longest;
  }

  /** How many acknowledgements make a lease. */
  public int majority() {
    return majority(guardians.size());
  }

  /** How many guardians, silent, leave too few of the others for a lease. */
  public int blocking() {
    return blocking(guardians.size());
  }

  static int majority(int size) {
    return size / 2 + 1;
  }

  /** 0 of none; else as many as leave less than a majority. */
  static int blocking(int size) {
    return size - majority(size) + 1;
  }
}
