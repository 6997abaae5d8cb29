package io.moongate.volume.rbd;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which process on which running kernel: a number that is given again, and what tells those apart
 * that had it. Only who runs on the same kernel, in the same namespace of processes, can say that
 * one has ended, and then it is certain.
 *
 * @param boot id of the boot; each has another
 * @param pidNamespace in which {@code pid} counts
 * @param timeNamespace in which {@code started} counts
 * @param pid number of the process
 * @param started clock ticks from the boot to its start
 */
record ProcessIdentity(
    String boot, String pidNamespace, String timeNamespace, long pid, long started) {
  private static final Pattern TEXT =
      Pattern.compile("(\\S+) (\\S+) (\\S+) ([0-9]{1,18}) ([0-9]{1,18})");

  /** Of {@code /proc/PID/stat}, counted from the one after the name. */
  private static final int START_FIELD = 19;

  private static final int ESRCH = 3;

  /** The C library's call, bound when it is first needed. */
  private static final class Signals {
    static {
      Native.register(Signals.class, "c");
    }

    static native int kill(int pid, int signal) throws LastErrorException;
  }

  /** It does not change. */
  private static final class Own {
    static final Optional<ProcessIdentity> PROCESS = find();
  }

  /** This process; nothing where the system does not tell all of it, as in some containers. */
  static Optional<ProcessIdentity> own() {
    return Own.PROCESS;
  }

  private static Optional<ProcessIdentity> find() {
    try {
      long pid = ProcessHandle.current().pid();
      String stat = Files.readString(Path.of("/proc/self/stat"), StandardCharsets.ISO_8859_1);
      if (!stat.startsWith(pid + " ")) {
        return Optional.empty(); // What is mounted there is of another namespace.
      }
      return Optional.of(
          new ProcessIdentity(
              Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip(),
              namespace("pid"),
              namespace("time"),
              pid,
              started(stat)));
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }

  private static String namespace(String kind) throws IOException {
    Path link = Path.of("/proc/self/ns", kind);
    // Linux before 5.6 has no namespaces of time.
    return Files.exists(link) ? Files.readSymbolicLink(link).toString() : "-";
  }

  private static long started(String stat) {
    return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[START_FIELD]);
  }

  /** From what {@link #toString} gives; nothing when it is something else. */
  static Optional<ProcessIdentity> parse(String text) {
    Matcher parts = TEXT.matcher(text);
    return parts.matches()
        ? Optional.of(
            new ProcessIdentity(
                parts.group(1),
                parts.group(2),
                parts.group(3),
                Long.parseLong(parts.group(4)),
                Long.parseLong(parts.group(5))))
        : Optional.empty();
  }

  /**
   * Whether the kernel that this process runs on says that it has ended: no thread of it runs ever
   * again. One that is stopped has not, nor one that has ended and was not waited for; of one
   * elsewhere nothing is known.
   */
  boolean hasEnded() {
    Optional<ProcessIdentity> self = own();
    if (self.isEmpty()
        || !self.get().boot.equals(boot)
        || !self.get().pidNamespace.equals(pidNamespace)
        || !self.get().timeNamespace.equals(timeNamespace)
        || pid < 1
        || pid > Integer.MAX_VALUE) {
      return false;
    }
    boolean unknown = false;
    try {
      Signals.kill((int) pid, 0);
    } catch (LastErrorException e) {
      unknown = e.getErrorCode() == ESRCH;
    }
    OptionalLong there = startOf(pid);
    // /proc may hide the processes of others: that it shows none says nothing by itself.
    return there.isPresent() ? there.getAsLong() != started : unknown;
  }

  /** When the process that has the number now was started; nothing when none is seen. */
  private static OptionalLong startOf(long pid) {
    try {
      String stat =
          Files.readString(
              Path.of("/proc", Long.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
      return OptionalLong.of(started(stat));
    } catch (IOException | RuntimeException e) {
      return OptionalLong.empty();
    }
  }

  @Override
  public String toString() {
    return "%s %s %s %d %d".formatted(boot, pidNamespace, timeNamespace, pid, started);
  }
}
