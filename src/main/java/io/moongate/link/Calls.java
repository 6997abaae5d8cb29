package io.moongate.link;

import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Platform;
import java.io.IOException;

/** Sockets of families that the JDK has not. Values are those of Linux. */
final class Calls {
  static final int AF_NETLINK = 16;
  static final int AF_PACKET = 17;
  static final int SOCK_DGRAM = 2;
  static final int SOCK_RAW = 3;
  static final int SOCK_CLOEXEC = 0x80000;
  static final int MSG_DONTWAIT = 0x40;
  static final int EINTR = 4;
  static final int EAGAIN = 11;

  static {
    if (!Platform.isLinux()) {
      throw new UnsupportedOperationException("addresses of interfaces are changed on Linux alone");
    }
    Native.register(Calls.class, "c");
  }

  private Calls() {}

  static native int socket(int domain, int type, int protocol);

  static native int bind(int fd, byte[] address, int addressLength);

  static native NativeLong sendto(
      int fd, byte[] message, NativeLong length, int flags, byte[] address, int addressLength);

  static native NativeLong recv(int fd, byte[] buffer, NativeLong length, int flags);

  static native int close(int fd);

  /** What a call that has returned -1 says. */
  static IOException failed(String what) {
    return new IOException(what + ": " + reason(Native.getLastError()));
  }

  /** An {@code errno} in words. */
  static String reason(int errno) {
    return switch (errno) {
      case 1 -> "not permitted (CAP_NET_ADMIN, CAP_NET_RAW)";
      case 13 -> "not permitted (a filter of system calls or address families)";
      case 19 -> "there is no such interface";
      case 97 -> "address family not supported here (RestrictAddressFamilies=)";
      case 100 -> "the interface is down";
      default -> "errno " + errno;
    };
  }
}
