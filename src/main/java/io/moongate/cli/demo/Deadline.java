package io.moongate.cli.demo;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** The end of a wait, on the monotonic clock. Every wait of the demo has one. */
public final class Deadline {

  private final long endNanos;
  private final Duration total;

  private Deadline(Duration total) {
    this.total = total;
    this.endNanos = System.nanoTime() + total.toNanos();
  }

  public static Deadline after(Duration total) {
    return new Deadline(total);
  }

  /** The time left, zero when it has passed. */
  Duration left() {
    return Duration.ofNanos(Math.max(0, endNanos - System.nanoTime()));
  }

  public boolean passed() {
    return System.nanoTime() - endNanos >= 0;
  }

  /** The earlier of this and {@code limit} from now. */
  Deadline atMost(Duration limit) {
    return limit.compareTo(left()) < 0 ? after(limit) : this;
  }

  /**
   * Asks again and again until there is an answer.
   *
   * @param what what is waited for, in words that follow "waiting for"
   * @param lastSeen asked once when the time is over, to say how far it came
   * @throws DemoException when the time is over or the thread is interrupted
   */
  <T> T poll(Duration every, String what, Supplier<Optional<T>> ask, Supplier<String> lastSeen) {
    while (true) {
      Optional<T> answer = ask.get();
      if (answer.isPresent()) {
        return answer.get();
      }
      if (passed()) {
        throw new DemoException(
            "gave up waiting for %s after %d s: %s"
                .formatted(what, total.toSeconds(), lastSeen.get()));
      }
      pause(every);
    }
  }

  public static void pause(Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DemoException("interrupted", e);
    }
  }
}
