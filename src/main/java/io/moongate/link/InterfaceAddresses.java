package io.moongate.link;

import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.NetworkInterface;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;

/**
 * Adds IPv4 addresses to interfaces for a time, and removes them, by rtnetlink(7). An address has a
 * valid lifetime: unless it is prolonged the kernel removes it, whatever has become of the process
 * that has added it. It comes as a /32, so that nothing is routed because of it. Needs
 * CAP_NET_ADMIN.
 */
public final class InterfaceAddresses {
  private static final int NETLINK_ROUTE = 0;
  private static final int NEW_ADDRESS = 20;
  private static final int DELETE_ADDRESS = 21;
  private static final int REQUEST_AND_ACKNOWLEDGE = 0x01 | 0x04;
  private static final int REPLACE_OR_CREATE = 0x100 | 0x400;
  private static final int ERROR = 2;
  private static final int EADDRNOTAVAIL = 99;
  private static final int AF_INET = 2;
  private static final int HEADER = 16;
  private static final int IFA_ADDRESS = 1;
  private static final int IFA_LOCAL = 2;
  private static final int IFA_CACHEINFO = 6;
  private static final int LARGEST_ANSWER = 4_096;

  private InterfaceAddresses() {}

  /**
   * Adds the address, or has it last for so long from now on.
   *
   * @param lifetime whole seconds, at least one
   */
  public static void hold(NetworkInterface link, Inet4Address address, Duration lifetime)
      throws IOException {
    int seconds = Math.toIntExact(lifetime.toSeconds());
    if (seconds < 1) {
      throw new IllegalArgumentException("a lifetime of at least a second, not " + lifetime);
    }
    ByteBuffer message = message(NEW_ADDRESS, REPLACE_OR_CREATE, link, address);
    message.putShort((short) 20).putShort((short) IFA_CACHEINFO);
    // Never preferred: no connection of this host is to come from it.
    message.putInt(0).putInt(seconds).putInt(0).putInt(0);
    int errno = answered(message);
    if (errno != 0) {
      throw new IOException(
          "%s on %s: %s".formatted(address.getHostAddress(), link.getName(), Calls.reason(errno)));
    }
  }

  /** Removes the address; fine when it is not there. */
  public static void drop(NetworkInterface link, Inet4Address address) throws IOException {
    int errno = answered(message(DELETE_ADDRESS, 0, link, address));
    if (errno != 0 && errno != EADDRNOTAVAIL) {
      throw new IOException(
          "%s on %s: %s".formatted(address.getHostAddress(), link.getName(), Calls.reason(errno)));
    }
  }

  /** {@code nlmsghdr}, {@code ifaddrmsg} and the attributes of both. */
  private static ByteBuffer message(
      int type, int flags, NetworkInterface link, Inet4Address address) {
    ByteBuffer out = ByteBuffer.allocate(128).order(ByteOrder.nativeOrder());
    out.putInt(0).putShort((short) type).putShort((short) (REQUEST_AND_ACKNOWLEDGE | flags));
    out.putInt(1).putInt(0);
    out.put((byte) AF_INET).put((byte) 32).put((byte) 0).put((byte) 0).putInt(link.getIndex());
    for (int attribute : new int[] {IFA_LOCAL, IFA_ADDRESS}) {
      out.putShort((short) 8).putShort((short) attribute).put(address.getAddress());
    }
    return out;
  }

  /** Sends it; the {@code errno} of the kernel's answer, 0 when it has done so. */
  private static int answered(ByteBuffer message) throws IOException {
    int length = message.position();
    message.putInt(0, length);
    byte[] kernel =
        ByteBuffer.allocate(12)
            .order(ByteOrder.nativeOrder())
            .putShort((short) Calls.AF_NETLINK)
            .array();
    int socket = Calls.socket(Calls.AF_NETLINK, Calls.SOCK_RAW | Calls.SOCK_CLOEXEC, NETLINK_ROUTE);
    if (socket < 0) {
      throw Calls.failed("a netlink socket");
    }
    try {
      long sent =
          Calls.sendto(socket, message.array(), new NativeLong(length), 0, kernel, kernel.length)
              .longValue();
      if (sent != length) {
        throw Calls.failed("netlink");
      }
      return answer(socket);
    } finally {
      Calls.close(socket);
    }
  }

  private static int answer(int socket) throws IOException {
    byte[] bytes = new byte[LARGEST_ANSWER];
    while (true) {
      int length = Calls.recv(socket, bytes, new NativeLong(bytes.length), 0).intValue();
      if (length < 0 && Native.getLastError() == Calls.EINTR) {
        continue;
      }
      ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
      if (length < HEADER + 4 || in.getShort(4) != ERROR) {
        throw Calls.failed("netlink has not answered");
      }
      return -in.getInt(HEADER);
    }
  }
}
