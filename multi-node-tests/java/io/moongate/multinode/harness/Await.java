package io.moongate.multinode.harness;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for a condition, never longer than a bound. */
public final class Await {
  private static final Duration EVERY = Duration.ofMillis(50);

  private Await() {}

  /** Asks for a value; an {@link Unready} says that it is not there yet. */
  @FunctionalInterface
  public interface Ask<T> {
    T ask() throws Unready;
  }

  /** Not yet, and how far it came. */
  public static final class Unready extends Exception {
    private static final long serialVersionUID = 1L;

    public Unready(String message) {
      super(message, null, false, false);
    }
  }

  /**
   * Asks again and again until there is an answer.
   *
   * @param what what is waited for, in words that follow "waiting for"
   * @throws AssertionError with what was seen last, when the bound passes
   */
  public static <T> T value(String what, Duration bound, Ask<T> ask) {
    long end = System.nanoTime() + bound.toNanos();
    while (true) {
      try {
        return ask.ask();
      } catch (Unready unready) {
        if (System.nanoTime() - end >= 0) {
          throw new AssertionError(
              "gave up waiting for %s after %d s: %s"
                  .formatted(what, bound.toSeconds(), unready.getMessage()));
        }
      }
      pause(EVERY);
    }
  }

  /** The same for a condition; {@code seen} is asked once, when the bound passes. */
  public static void until(
      String what, Duration bound, BooleanSupplier condition, Supplier<String> seen) {
    long end = System.nanoTime() + bound.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end >= 0) {
        throw new AssertionError(
            "gave up waiting for %s after %d s: %s".formatted(what, bound.toSeconds(), seen.get()));
      }
      pause(EVERY);
    }
  }

  /** Lets time pass. */
  public static void pause(Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }
}
