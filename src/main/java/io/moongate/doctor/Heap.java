package io.moongate.doctor;

import io.moongate.cli.CheckResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whether the heap holds the data that sessions may have under way. */
public final class Heap {
  private static final Pattern MOST = Pattern.compile("(?:^|\\s)-Xmx(\\d+)([kKmMgG]?)(?=\\s|$)");
  private static final long MIB = 1L << 20;

  private Heap() {}

  /**
   * Compares.
   *
   * @param options options of the gateway's JVM, its command line or what it will be given
   * @param memory bytes of this host's memory, a quarter of which is the heap when no option says
   *     otherwise
   * @param maxGatewayBytes {@code moongate.iscsi.max-gateway-bytes}
   */
  public static CheckResult check(String options, long memory, long maxGatewayBytes) {
    long heap = memory / 4;
    String source = "a quarter of this host's memory";
    Matcher matcher = MOST.matcher(options);
    while (matcher.find()) {
      heap = Long.parseLong(matcher.group(1)) << shift(matcher.group(2));
      source = matcher.group().strip();
    }
    String found =
        "the heap is %d MiB (%s), moongate.iscsi.max-gateway-bytes is %d MiB"
            .formatted(heap / MIB, source, maxGatewayBytes / MIB);
    if (maxGatewayBytes >= heap * 9 / 10) {
      return CheckResult.fail(
          "heap",
          found,
          "MOONGATE_JAVA_OPTS=-Xmx%dm, or less for max-gateway-bytes: busy hosts would use the heap"
                  .formatted(maxGatewayBytes * 2 / MIB)
              + " up");
    }
    return maxGatewayBytes > heap * 6 / 10
        ? CheckResult.warn(
            "heap",
            found,
            "about half is meant: MOONGATE_JAVA_OPTS=-Xmx%dm".formatted(maxGatewayBytes * 2 / MIB))
        : CheckResult.ok("heap", found);
  }

  private static int shift(String unit) {
    return switch (unit) {
      case "k", "K" -> 10;
      case "m", "M" -> 20;
      case "g", "G" -> 30;
      default -> 0;
    };
  }
}
