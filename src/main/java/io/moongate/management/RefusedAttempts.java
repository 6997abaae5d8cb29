package io.moongate.management;

import io.moongate.cluster.security.RefusedAttempt;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of requests that were refused for who sent them: the first of equal ones at once in the
 * log, and at the end of each while how many there were, to whoever keeps them. Whoever can connect
 * brings them about: beyond some number in a while they are counted together, so that a flood
 * drowns neither the log nor the journal; those of each known user apart from those of strangers
 * and of others, so that none is hidden by another's. Thread-safe.
 */
final class RefusedAttempts {
  /** The name that a log's rules know it by. */
  static final String LOGGER = "io.moongate.security";

  private static final Logger LOG = LoggerFactory.getLogger(LOGGER);

  /** Different ones of strangers in a while. */
  private static final int MOST = 32;

  /** Of one user who is known; there are as many users as the users file has. */
  private static final int MOST_OF_USER = 16;

  private static final int LONGEST = 200;
  private static final String SEVERAL = "*";

  private record What(String user, String address, String method, String path, String reason) {}

  private static What others(String user) {
    return new What(user, SEVERAL, SEVERAL, SEVERAL, "more than can be told apart");
  }

  private static final class Counted {
    private final Instant first;
    private long count;

    Counted(Instant first) {
      this.first = first;
    }
  }

  private final Clock clock;
  private final Consumer<RefusedAttempt> keeper;
  private final Map<What, Counted> counted = new LinkedHashMap<>();
  private final Map<String, Integer> different = new HashMap<>();

  /**
   * @param keeper told at the end of a while of what came in it
   */
  RefusedAttempts(Clock clock, Consumer<RefusedAttempt> keeper) {
    this.clock = clock;
    this.keeper = keeper;
  }

  /** One was refused. */
  void refused(String user, String address, String method, String path, String reason) {
    What what = new What(user, address, printable(method), printable(path), printable(reason));
    synchronized (this) {
      boolean known = counted.containsKey(what);
      if (!known) {
        int most = user.isEmpty() ? MOST : MOST_OF_USER;
        if (different.merge(user, 1, Integer::sum) > most) {
          what = others(user);
          known = counted.containsKey(what);
        }
      }
      counted.computeIfAbsent(what, first -> new Counted(clock.instant())).count++;
      if (known) {
        return;
      }
    }
    LOG.warn(
        "event=access-refused user=\"{}\" address={} method={} path=\"{}\" reason=\"{}\"",
        what.user(),
        what.address(),
        what.method(),
        what.path(),
        what.reason());
  }

  /** A while has ended. */
  void tell() {
    List<RefusedAttempt> told = new ArrayList<>();
    synchronized (this) {
      counted.forEach(
          (what, times) ->
              told.add(
                  new RefusedAttempt(
                      what.user(),
                      what.address(),
                      what.method(),
                      what.path(),
                      what.reason(),
                      times.count,
                      times.first)));
      counted.clear();
      different.clear();
    }
    for (RefusedAttempt attempt : told) {
      if (attempt.count() > 1) {
        LOG.warn(
            "event=access-refused-again user=\"{}\" address={} method={} path=\"{}\" reason=\"{}\""
                + " count={}",
            attempt.user(),
            attempt.address(),
            attempt.method(),
            attempt.path(),
            attempt.reason(),
            attempt.count());
      }
      keeper.accept(attempt);
    }
  }

  /** What a stranger sent, made fit for a line. */
  static String printable(String text) {
    String start = text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text;
    return start.replaceAll("[\\p{Cntrl}\"]", "?");
  }
}
