package io.moongate;

import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A datagram to a socket of the address family UNIX, which the JDK can't send. Linux alone.
 *
 * @see <a href="https://www.freedesktop.org/software/systemd/man/sd_notify.html">sd_notify(3)</a>
 */
final class SupervisorSocket {
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int MSG_NOSIGNAL = 0x4000;

  /** Of a path in {@code sockaddr_un}, with the byte that ends it. */
  private static final int LONGEST_PATH = 108;

  private static final class Calls {
    static {
      Native.register(Calls.class, "c");
    }

    private Calls() {}

    static native int socket(int domain, int type, int protocol);

    static native NativeLong sendto(
        int fd, byte[] message, NativeLong length, int flags, byte[] address, int addressLength);

    static native int close(int fd);
  }

  private final byte[] address;

  /**
   * Sends nothing yet.
   *
   * @param name a path, or {@code @} and an abstract name
   * @throws IllegalArgumentException for any other
   */
  SupervisorSocket(String name) {
    byte[] path = name.getBytes(StandardCharsets.UTF_8);
    if (path.length < 2 || path.length >= LONGEST_PATH || path[0] != '/' && path[0] != '@') {
      throw new IllegalArgumentException(
          "NOTIFY_SOCKET: expected a path, or @ and a name, below %d bytes, not \"%s\""
              .formatted(LONGEST_PATH, name));
    }
    boolean isAbstract = path[0] == '@';
    ByteBuffer out = ByteBuffer.allocate(2 + path.length + (isAbstract ? 0 : 1));
    out.order(ByteOrder.nativeOrder()).putShort((short) AF_UNIX);
    out.put(path);
    address = out.array();
    if (isAbstract) {
      address[2] = 0;
    }
  }

  /**
   * Sends a datagram, without waiting for whoever reads it.
   *
   * @throws IOException when it could not be sent
   */
  void send(String message) throws IOException {
    byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
    int fd = Calls.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      throw new IOException("socket: errno " + Native.getLastError());
    }
    try {
      NativeLong sent =
          Calls.sendto(
              fd, bytes, new NativeLong(bytes.length), MSG_NOSIGNAL, address, address.length);
      if (sent.longValue() != bytes.length) {
        throw new IOException("sendto: errno " + Native.getLastError());
      }
    } finally {
      Calls.close(fd);
    }
  }
}
