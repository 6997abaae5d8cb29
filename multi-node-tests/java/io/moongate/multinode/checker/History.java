package io.moongate.multinode.checker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What clients did and saw, in the time of one monotonic clock. Threads may add at the same time.
 *
 * <p>Each attempt of a write carries a value of its own, an attempt that is repeated too. So a
 * block is a register that is written by unique values, and an attempt that took effect late can be
 * told from the one that was acknowledged.
 */
public final class History {
  /** The end of an attempt that may take effect at any time. */
  public static final long NEVER = Long.MAX_VALUE;

  /** What a block holds that was never written. */
  public static final long UNWRITTEN = 0;

  private final List<Attempt> attempts = new ArrayList<>();
  private final List<String> anomalies = new ArrayList<>();

  /** What was attempted. */
  public enum Kind {
    READ,
    WRITE
  }

  /** How an attempt ended. */
  public enum Outcome {
    /** Acknowledged. */
    OK,
    /** Refused in a way that says that nothing was done. */
    REFUSED,
    /** Not known: nothing, part or all of it may have been done. */
    UNKNOWN
  }

  /**
   * One attempt.
   *
   * @param client who
   * @param block the first of consecutive blocks
   * @param values what was read from, or written to, each of them
   * @param invoked before it was sent, in nanoseconds
   * @param completed after which it must not take effect any more, in nanoseconds: when it was
   *     answered, or for an unknown attempt when the operation that it belongs to was acknowledged
   *     otherwise; {@link #NEVER} when neither
   * @param path the gateway
   */
  public record Attempt(
      String client,
      Kind kind,
      long block,
      List<Long> values,
      long invoked,
      long completed,
      String path,
      Outcome outcome) {
    public Attempt {
      values = List.copyOf(values);
    }

    /** A write of one value to so many blocks. */
    public static Attempt write(
        String client,
        long block,
        int blocks,
        long value,
        long invoked,
        long completed,
        String path,
        Outcome outcome) {
      Long[] values = new Long[blocks];
      Arrays.fill(values, value);
      return new Attempt(
          client, Kind.WRITE, block, List.of(values), invoked, completed, path, outcome);
    }

    boolean acknowledgedWrite() {
      return kind == Kind.WRITE && outcome == Outcome.OK;
    }
  }

  public synchronized void add(Attempt attempt) {
    attempts.add(attempt);
  }

  /**
   * Notes something that no order of operations can explain, such as a block with two values in it.
   */
  public synchronized void anomaly(String what) {
    anomalies.add(what);
  }

  public synchronized List<Attempt> attempts() {
    return List.copyOf(attempts);
  }

  public synchronized List<String> anomalies() {
    return List.copyOf(anomalies);
  }

  public synchronized long acknowledgedWrites() {
    return attempts.stream().filter(Attempt::acknowledgedWrite).count();
  }

  /** Writes it as lines of tab-separated values. */
  public void save(Path file) {
    try {
      Files.createDirectories(file.getParent());
      try (Writer out = Files.newBufferedWriter(file)) {
        out.write("client\tkind\tblock\tvalues\tinvoked\tcompleted\tpath\toutcome\n");
        for (Attempt a : attempts()) {
          out.write(
              "%s\t%s\t%d\t%s\t%d\t%d\t%s\t%s%n"
                  .formatted(
                      a.client(),
                      a.kind(),
                      a.block(),
                      a.values(),
                      a.invoked(),
                      a.completed(),
                      a.path(),
                      a.outcome()));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
