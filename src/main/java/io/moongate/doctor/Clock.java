package io.moongate.doctor;

import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import io.moongate.cli.CheckResult;
import java.util.function.Supplier;

/**
 * Whether the host's clock is kept right, as the kernel knows from whoever does so (adjtimex(2)).
 */
public final class Clock {
  private static final String CHECK = "clock";

  /** Bytes of struct timex on 64-bit Linux, and where its maxerror and status stand. */
  private static final int SIZE = 208;

  private static final int MAX_ERROR = 24;
  private static final int STATUS = 40;

  /** STA_UNSYNC of the status. */
  private static final int UNSYNCHRONIZED = 0x40;

  private static final long LARGE_ERROR_MICROS = 1_000_000;

  /**
   * What the kernel says.
   *
   * @param status its bits
   * @param maxErrorMicros the bound of the error, in microseconds
   */
  record Kernel(int status, long maxErrorMicros) {}

  /** The calls of the C library. */
  interface LibC extends Library {
    int adjtimex(Pointer buffer);
  }

  private final Supplier<Kernel> kernel;

  /** Asks the kernel. */
  public Clock() {
    this(Clock::ask);
  }

  Clock(Supplier<Kernel> kernel) {
    this.kernel = kernel;
  }

  private static Kernel ask() {
    try (Memory buffer = new Memory(SIZE)) {
      buffer.clear();
      if (Native.load("c", LibC.class).adjtimex(buffer) < 0) {
        throw new IllegalStateException("adjtimex fails with errno " + Native.getLastError());
      }
      return new Kernel(buffer.getInt(STATUS), buffer.getLong(MAX_ERROR));
    }
  }

  public CheckResult check() {
    Kernel now;
    try {
      now = kernel.get();
    } catch (LinkageError | RuntimeException e) {
      return CheckResult.skipped(CHECK, "the kernel does not say whether it is synchronised: " + e);
    }
    if ((now.status() & UNSYNCHRONIZED) != 0) {
      return CheckResult.warn(
          CHECK,
          "nobody synchronises this host's clock",
          "run chrony, ntpd or systemd-timesyncd: leases do not depend on it, but the times in the"
              + " record, and Cassandra's timestamps, do");
    }
    String bound = "off by %d ms at most".formatted(now.maxErrorMicros() / 1_000);
    return now.maxErrorMicros() > LARGE_ERROR_MICROS
        ? CheckResult.warn(
            CHECK, "it is synchronised, and " + bound, "see to the time servers of this host")
        : CheckResult.ok(CHECK, "synchronised, " + bound);
  }
}
