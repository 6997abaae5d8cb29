package io.moongate.multinode.harness;

import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;

/** What a service manager listens on, with a name that every process of this network can reach. */
public final class NotifySocket implements AutoCloseable {
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int SOL_SOCKET = 1;
  private static final int SO_RCVTIMEO = 20;

  private static final class Calls {
    static {
      Native.register(Calls.class, "c");
    }

    private Calls() {}

    static native int socket(int domain, int type, int protocol);

    static native int bind(int fd, byte[] address, int length);

    static native NativeLong recv(int fd, byte[] buffer, NativeLong length, int flags);

    static native int setsockopt(int fd, int level, int option, byte[] value, int length);

    static native int close(int fd);
  }

  private final String name = "moongate-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
  private final int socket;

  public NotifySocket() {
    socket = Calls.socket(AF_UNIX, SOCK_DGRAM, 0);
    byte[] path = name.getBytes(StandardCharsets.UTF_8);
    byte[] address = new byte[3 + path.length];
    address[0] = AF_UNIX; // Little-endian.
    System.arraycopy(path, 0, address, 3, path.length);
    byte[] second = new byte[16];
    second[0] = 1;
    if (Calls.bind(socket, address, address.length) != 0
        || Calls.setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, second, second.length) != 0) {
      throw new IllegalStateException("a socket of the family UNIX can't be had");
    }
  }

  /** As {@code NOTIFY_SOCKET} names it. */
  public String name() {
    return "@" + name;
  }

  /** Waits until a message says this, whatever else is said before; fails after the bound. */
  public void awaitSaid(String line, Duration bound) {
    long end = System.nanoTime() + bound.toNanos();
    byte[] buffer = new byte[4096];
    String last = "nothing";
    while (System.nanoTime() < end) {
      int length = Calls.recv(socket, buffer, new NativeLong(buffer.length), 0).intValue();
      if (length > 0) {
        last = new String(Arrays.copyOf(buffer, length), StandardCharsets.UTF_8);
        if (last.lines().anyMatch(line::equals)) {
          return;
        }
      }
    }
    throw new AssertionError("%s was not said within %s; at last: %s".formatted(line, bound, last));
  }

  @Override
  public void close() {
    Calls.close(socket);
  }
}
