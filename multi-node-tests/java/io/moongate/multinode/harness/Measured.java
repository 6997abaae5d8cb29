package io.moongate.multinode.harness;

import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What tools of the JDK and of the kernel say of processes. */
public final class Measured {
  private static final Pattern TOTAL = Pattern.compile("^Total +\\d+ +(\\d+)", Pattern.MULTILINE);
  private static final Pattern SENT = Pattern.compile("\\bbytes_sent:(\\d+)");
  private static final Duration BOUND = Duration.ofSeconds(60);

  private Measured() {}

  /** Bytes of objects that are in use, after a full collection, which this makes. */
  public static long liveBytes(TestGateway gateway) {
    Tool.Output histogram =
        Tool.JCMD.run(BOUND, Long.toString(gateway.pid()), "GC.class_histogram").succeeded();
    return only(TOTAL, histogram);
  }

  /**
   * Bytes that processes of this network namespace have sent one another over connections to a
   * port, in both directions, on those that are open now.
   */
  public static long bytesSent(int port) {
    Tool.Output sockets =
        Tool.SS
            .run(
                BOUND,
                "-tinHO",
                "state",
                "established",
                "( sport = :%1$d or dport = :%1$d )".formatted(port))
            .succeeded();
    long sum = 0;
    Matcher sent = SENT.matcher(sockets.text());
    while (sent.find()) {
      sum += Long.parseLong(sent.group(1));
    }
    return sum;
  }

  private static long only(Pattern pattern, Tool.Output output) {
    Matcher matcher = pattern.matcher(output.text());
    if (!matcher.find()) {
      throw new AssertionError(pattern + " is not in " + output);
    }
    return Long.parseLong(matcher.group(1));
  }

  /** The middle one of some figures, at least one. */
  public static double median(List<Double> figures) {
    List<Double> sorted = figures.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
