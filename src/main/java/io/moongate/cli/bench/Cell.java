package io.moongate.cli.bench;

import io.moongate.cli.bench.load.AccessPattern;
import io.moongate.cli.bench.load.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What is asked of everyone alike.
 *
 * @param size bytes of one operation
 * @param depth how many are under way at a time in each session
 * @param sessions of one connection each
 * @param digests whether headers and data carry digests
 * @param path through which gateway, of those that are gateways of a cluster
 */
record Cell(
    Operation operation,
    int size,
    int depth,
    int sessions,
    AccessPattern pattern,
    boolean digests,
    Path path) {

  /** A path to the LUN, by its access state. */
  enum Path {
    /** Active/optimized: through the owner. */
    AO,
    /** Active/non-optimized: through another gateway, which relays. */
    ANO;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** One session, sequential, without digests, through the owner. */
  Cell(Operation operation, int size, int depth) {
    this(operation, size, depth, 1, AccessPattern.SEQUENTIAL, false, Path.AO);
  }

  /**
   * Whether clients that have one session, and read or write one block after another, can do it.
   */
  boolean plain() {
    return sessions == 1
        && pattern == AccessPattern.SEQUENTIAL
        && !digests
        && operation != Operation.MIXED;
  }

  /** The size as people say it. */
  String sizeInWords() {
    if (size % (1 << 20) == 0) {
      return (size >> 20) + " MiB";
    }
    return size % 1024 == 0 ? size / 1024 + " KiB" : size + " B";
  }

  @Override
  public String toString() {
    List<String> words = new ArrayList<>();
    words.add("%s of %s, %d at a time".formatted(operation, sizeInWords(), depth));
    if (sessions > 1) {
      words.add("in each of %d sessions".formatted(sessions));
    }
    if (pattern != AccessPattern.SEQUENTIAL) {
      words.add(pattern.toString());
    }
    if (digests) {
      words.add("with digests");
    }
    if (path != Path.AO) {
      words.add("through " + path);
    }
    return String.join(", ", words);
  }
}
