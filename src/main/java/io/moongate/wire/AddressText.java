package io.moongate.wire;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.StringJoiner;

/** IP addresses as text, the same for the same address wherever it is shown or compared. */
public final class AddressText {
  private static final int GROUPS = 8;

  private AddressText() {}

  /** An IPv6 address as RFC 5952 section 4 writes it, without a zone; an IPv4 one in dots. */
  public static String of(InetAddress address) {
    return address instanceof Inet6Address six
        ? shortened(six.getAddress())
        : address.getHostAddress();
  }

  /** With the port; an IPv6 address in brackets (RFC 3986 section 3.2.2). */
  public static String of(InetSocketAddress address) {
    InetAddress ip = address.getAddress();
    String host = ip == null ? address.getHostString() : of(ip);
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  /** The longest run of two or more groups of zero, the first of equals, becomes two colons. */
  private static String shortened(byte[] bytes) {
    int from = GROUPS;
    int longest = 1;
    for (int start = 0; start < GROUPS; start++) {
      int end = start;
      while (end < GROUPS && group(bytes, end) == 0) {
        end++;
      }
      if (end - start > longest) {
        from = start;
        longest = end - start;
      }
    }
    return from == GROUPS
        ? groups(bytes, 0, GROUPS)
        : groups(bytes, 0, from) + "::" + groups(bytes, from + longest, GROUPS);
  }

  private static String groups(byte[] bytes, int from, int to) {
    StringJoiner text = new StringJoiner(":");
    for (int i = from; i < to; i++) {
      text.add(Integer.toHexString(group(bytes, i)));
    }
    return text.toString();
  }

  private static int group(byte[] bytes, int index) {
    return (bytes[2 * index] & 0xFF) << 8 | bytes[2 * index + 1] & 0xFF;
  }
}
