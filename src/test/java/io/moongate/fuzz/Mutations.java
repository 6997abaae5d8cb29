package io.moongate.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Inputs from a seed: random ones, and kept ones with some bytes changed, cut, doubled or spliced.
 * What every run of the tests does, where Jazzer, which looks at coverage, takes minutes.
 *
 * <p>{@code -Dfuzz.seed=N} repeats a run, {@code -Dfuzz.rounds=N} makes it longer.
 */
public final class Mutations {
  private static final int LONGEST = 2048;
  private static final int[] EDGES = {0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255};

  private final Random random;
  private final List<byte[]> kept;

  private Mutations(Random random, List<byte[]> kept) {
    this.random = random;
    this.kept = kept;
  }

  /**
   * Gives the test as many inputs.
   *
   * @param test the class whose kept inputs are to be changed
   */
  public static void run(Class<?> test, int rounds, Consumer<byte[]> target) {
    long seed = Long.getLong("fuzz.seed", System.nanoTime());
    int count = Integer.getInteger("fuzz.rounds", rounds);
    System.out.printf("%s: %d inputs from seed %d%n", test.getSimpleName(), count, seed);
    Mutations mutations = new Mutations(new Random(seed), kept(test));
    for (int round = 0; round < count; round++) {
      byte[] input = mutations.next();
      try {
        target.accept(input);
      } catch (RuntimeException | Error failure) {
        throw new AssertionError(
            "seed %d, round %d: %s".formatted(seed, round, HexFormat.of().formatHex(input)),
            failure);
      }
    }
  }

  private static List<byte[]> kept(Class<?> test) {
    URL folder = test.getResource(test.getSimpleName() + "Inputs/fuzz");
    if (folder == null) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(path(folder.toURI()))) {
      List<byte[]> inputs = new ArrayList<>();
      for (Path file : files.sorted().toList()) {
        inputs.add(Files.readAllBytes(file));
      }
      return inputs;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path path(URI folder) {
    return Path.of(folder);
  }

  private byte[] next() {
    if (kept.isEmpty() || random.nextInt(4) == 0) {
      byte[] input = new byte[random.nextInt(random.nextBoolean() ? 64 : LONGEST)];
      random.nextBytes(input);
      return input;
    }
    byte[] input = kept.get(random.nextInt(kept.size())).clone();
    int changes = 1 + random.nextInt(8);
    for (int i = 0; i < changes; i++) {
      input = changed(input);
    }
    return input;
  }

  private byte[] changed(byte[] input) {
    if (input.length == 0) {
      return new byte[] {(byte) random.nextInt()};
    }
    int at = random.nextInt(input.length);
    switch (random.nextInt(6)) {
      case 0 -> input[at] = (byte) random.nextInt();
      case 1 -> input[at] ^= (byte) (1 << random.nextInt(8));
      case 2 -> input[at] = (byte) EDGES[random.nextInt(EDGES.length)];
      case 3 -> {
        return java.util.Arrays.copyOf(input, at);
      }
      case 4 -> {
        return joined(input, at, input, random.nextInt(input.length));
      }
      default -> {
        byte[] other = kept.get(random.nextInt(kept.size()));
        return joined(input, at, other, other.length == 0 ? 0 : random.nextInt(other.length));
      }
    }
    return input;
  }

  /** The first bytes of one and the last of the other. */
  private static byte[] joined(byte[] one, int to, byte[] other, int from) {
    byte[] bytes = new byte[Math.min(LONGEST, to + other.length - from)];
    int first = Math.min(to, bytes.length);
    System.arraycopy(one, 0, bytes, 0, first);
    System.arraycopy(other, from, bytes, first, bytes.length - first);
    return bytes;
  }
}
