package io.moongate.cli.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether the host has the memory for a demo; without it the kernel would kill one of the processes
 * at random.
 */
final class FreeMemory {

  /** Resident size of the Cassandra node with its 256 MiB of heap, measured, rounded up. */
  private static final long CASSANDRA_MIB = 620;

  /** Resident size of a gateway with at most 384 MiB of heap. */
  private static final long GATEWAY_MIB = 450;

  private static final Path MEMINFO = Path.of("/proc/meminfo");

  private FreeMemory() {}

  static long neededMib(int gateways) {
    return CASSANDRA_MIB + gateways * GATEWAY_MIB;
  }

  /** MemAvailable and SwapFree of a {@code /proc/meminfo}, in MiB; empty when it does not say. */
  static OptionalLong availableMib(String meminfo) {
    OptionalLong available = kib(meminfo, "MemAvailable");
    return available.isEmpty()
        ? available
        : OptionalLong.of((available.getAsLong() + kib(meminfo, "SwapFree").orElse(0)) / 1024);
  }

  /**
   * @throws DemoException when there is too little; where it can't be told, nothing
   */
  static void require(int gateways) {
    String meminfo;
    try {
      meminfo = Files.readString(MEMINFO);
    } catch (IOException e) {
      return; // Not Linux: nothing to go by.
    }
    OptionalLong available = availableMib(meminfo);
    if (available.isPresent() && available.getAsLong() < neededMib(gateways)) {
      throw new DemoException(
          "a demo of %d gateways needs about %d MiB of memory and %d MiB are free: free some, or use fewer --gateways"
              .formatted(gateways, neededMib(gateways), available.getAsLong()));
    }
  }

  private static OptionalLong kib(String meminfo, String field) {
    Matcher matcher = Pattern.compile("(?m)^" + field + ":\\s+(\\d+) kB$").matcher(meminfo);
    return matcher.find()
        ? OptionalLong.of(Long.parseLong(matcher.group(1)))
        : OptionalLong.empty();
  }
}
