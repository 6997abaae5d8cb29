package io.moongate.doctor;

import io.moongate.cli.CheckResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Limits of the kernel and of the process that a gateway runs into, or is slowed down by. */
public final class Limits {
  private static final Pattern OPEN_FILES =
      Pattern.compile("Max open files +(\\d+|unlimited) +(\\d+|unlimited).*");
  private static final Pattern SWAP = Pattern.compile("SwapTotal: +(\\d+) kB");
  private static final int CALM_SWAPPINESS = 10;

  /** Files that are not connections: jars, logs, volumes, the cluster's own connections. */
  private static final int OTHER_FILES = 1_024;

  private final Path proc;
  private final Path sys;

  /**
   * Reads below these directories.
   *
   * @param proc {@code /proc}
   * @param sys {@code /sys}
   */
  public Limits(Path proc, Path sys) {
    this.proc = proc;
    this.sys = sys;
  }

  /**
   * Looks at all of them.
   *
   * @param process the gateway's directory in {@code /proc}, or this process's: {@code self}
   * @param maxConnections {@code moongate.iscsi.max-connections}
   * @param backlog {@code moongate.iscsi.backlog}
   */
  public List<CheckResult> check(String process, int maxConnections, int backlog) {
    return List.of(openFiles(process, maxConnections), backlog(backlog), swapping(), hugePages());
  }

  private CheckResult openFiles(String process, int maxConnections) {
    for (String line : lines(proc.resolve(process).resolve("limits"))) {
      Matcher matcher = OPEN_FILES.matcher(line);
      if (matcher.matches()) {
        String soft = matcher.group(1);
        // A JVM raises its own soft limit to the hard one.
        String hard = matcher.group(2);
        String whose = process.equals("self") ? "here" : "of the gateway, pid " + process;
        long needed = (long) maxConnections + OTHER_FILES;
        boolean enough = hard.equals("unlimited") || Long.parseLong(hard) >= needed;
        return enough
            ? CheckResult.ok("limit", "open files %s: %s of %s".formatted(whose, soft, hard))
            : CheckResult.warn(
                "limit",
                "open files %s: %s, and moongate.iscsi.max-connections is %d"
                    .formatted(whose, hard, maxConnections),
                "LimitNOFILE=%d in the unit of systemd, or ulimit -n".formatted(needed));
      }
    }
    return CheckResult.skipped("limit", "the limit of open files can't be read");
  }

  private CheckResult backlog(int backlog) {
    OptionalLong most = number(proc.resolve("sys/net/core/somaxconn"));
    if (most.isEmpty()) {
      return CheckResult.skipped("limit", "net.core.somaxconn can't be read");
    }
    return most.getAsLong() >= backlog
        ? CheckResult.ok("limit", "net.core.somaxconn is " + most.getAsLong())
        : CheckResult.warn(
            "limit",
            "net.core.somaxconn is %d, and moongate.iscsi.backlog is %d"
                .formatted(most.getAsLong(), backlog),
            "sysctl net.core.somaxconn=%d: when many hosts come back at once, logins are dropped"
                .formatted(backlog));
  }

  private CheckResult swapping() {
    long swap = 0;
    for (String line : lines(proc.resolve("meminfo"))) {
      Matcher matcher = SWAP.matcher(line);
      swap = matcher.matches() ? Long.parseLong(matcher.group(1)) : swap;
    }
    OptionalLong swappiness = number(proc.resolve("sys/vm/swappiness"));
    if (swap == 0) {
      return CheckResult.ok("memory", "there is no swap space");
    } else if (swappiness.isEmpty()) {
      return CheckResult.skipped("memory", "vm.swappiness can't be read");
    }
    return swappiness.getAsLong() <= CALM_SWAPPINESS
        ? CheckResult.ok("memory", "vm.swappiness is " + swappiness.getAsLong())
        : CheckResult.warn(
            "memory",
            "there is swap space, and vm.swappiness is " + swappiness.getAsLong(),
            "sysctl vm.swappiness=1, or swapoff -a: a gateway that is swapped out misses its leases");
  }

  private CheckResult hugePages() {
    List<String> lines = lines(sys.resolve("kernel/mm/transparent_hugepage/enabled"));
    if (lines.isEmpty()) {
      return CheckResult.skipped("memory", "whether huge pages are transparent can't be read");
    }
    return lines.get(0).contains("[always]")
        ? CheckResult.warn(
            "memory",
            "transparent huge pages are always on: the kernel may stop a process to make some",
            "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled")
        : CheckResult.ok("memory", "transparent huge pages: " + lines.get(0));
  }

  private static OptionalLong number(Path file) {
    List<String> lines = lines(file);
    try {
      return lines.isEmpty()
          ? OptionalLong.empty()
          : OptionalLong.of(Long.parseLong(lines.get(0).strip()));
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return new ArrayList<>();
    }
  }
}
