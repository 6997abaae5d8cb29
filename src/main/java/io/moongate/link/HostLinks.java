package io.moongate.link;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The interfaces of this host that have some addresses, and other addresses of their subnets.
 * Addresses are IPv4, in dotted decimal. Not thread-safe.
 */
public final class HostLinks {
  /** No interface has it: asking for its removal shows only whether that is allowed. */
  private static final String NOBODYS = "0.0.0.0";

  /** A station can say much; what is not looked at now is at the next time. */
  private static final int MOST_HEARD = 1_000;

  private static final List<String> TABLES = List.of("/proc/net/tcp", "/proc/net/tcp6");
  private static final String LISTEN = "0A";
  private static final int LOCAL = 1;
  private static final int STATE = 3;

  private final List<String> own;
  private final Map<String, ArpSocket> sockets = new HashMap<>();

  private HostLinks(List<String> own) {
    this.own = List.copyOf(own);
  }

  /**
   * The links of these addresses of this host.
   *
   * @throws IOException when one of them has no interface, or what is to be done there may not be
   */
  public static HostLinks of(List<String> own) throws IOException {
    for (String address : own) {
      NetworkInterface link = NetworkInterface.getByInetAddress(parsed(address));
      if (link == null) {
        throw new IOException("this host has no interface with the address " + address);
      }
      ArpSocket.open(link).close();
      InterfaceAddresses.drop(link, parsed(NOBODYS));
    }
    return new HostLinks(own);
  }

  private static Inet4Address parsed(String address) {
    try {
      return (Inet4Address) InetAddress.getByName(address);
    } catch (UnknownHostException | ClassCastException wrong) {
      throw new IllegalArgumentException("expected an IPv4 address, not " + address, wrong);
    }
  }

  /** Whether one of the links, which is up, has the subnet of an address that is not its own. */
  public boolean reaches(String address) {
    try {
      return !own.contains(address) && link(address).isPresent();
    } catch (SocketException unknown) {
      return false;
    }
  }

  private NetworkInterface linkOf(String address) throws IOException {
    return link(address)
        .orElseThrow(() -> new IOException("no link that is up has the subnet of " + address));
  }

  private Optional<NetworkInterface> link(String address) throws SocketException {
    if (address.indexOf(':') >= 0) {
      return Optional.empty();
    }
    Inet4Address wanted = parsed(address);
    for (String each : own) {
      Inet4Address local = parsed(each);
      NetworkInterface link = NetworkInterface.getByInetAddress(local);
      if (link != null && link.isUp()) {
        for (InterfaceAddress has : link.getInterfaceAddresses()) {
          if (has.getAddress().equals(local)
              && isWithin(local, has.getNetworkPrefixLength(), wanted)) {
            return Optional.of(link);
          }
        }
      }
    }
    return Optional.empty();
  }

  static boolean isWithin(Inet4Address network, int prefix, Inet4Address address) {
    if (prefix < 1 || prefix >= Integer.SIZE) {
      return false;
    }
    int mask = -1 << (Integer.SIZE - prefix);
    return (bits(network) & mask) == (bits(address) & mask);
  }

  private static int bits(Inet4Address address) {
    return java.nio.ByteBuffer.wrap(address.getAddress()).getInt();
  }

  /** Whether this host has the address. */
  public boolean has(String address) throws IOException {
    return NetworkInterface.getByInetAddress(parsed(address)) != null;
  }

  /** Whether some process of this host listens on the TCP port at every address. */
  public boolean isListenedOn(int port) throws IOException {
    for (String table : TABLES) {
      Path file = Path.of(table);
      if (Files.exists(file)
          && Files.readAllLines(file).stream().anyMatch(line -> listens(line, port))) {
        return true;
      }
    }
    return false;
  }

  /** Whether a line of {@code /proc/net/tcp} or {@code tcp6} is of a socket that does so. */
  static boolean listens(String line, int port) {
    String[] words = line.strip().split(" +", -1);
    return words.length > STATE
        && words[STATE].equals(LISTEN)
        && words[LOCAL].matches("0{8}(0{24})?:%04X".formatted(port));
  }

  /** Asks everybody on its link who has the address. */
  public void probe(String address) throws IOException {
    socket(linkOf(address)).probe(parsed(address));
  }

  /** Tells everybody on its link that this host has the address, which may be one of its own. */
  public void announce(String address) throws IOException {
    Inet4Address claimed = parsed(address);
    NetworkInterface link = NetworkInterface.getByInetAddress(claimed);
    if (link == null) {
      throw new IOException("this host has no interface with the address " + address);
    }
    try (ArpSocket socket = ArpSocket.open(link)) {
      socket.announce(claimed);
    }
  }

  private ArpSocket socket(NetworkInterface link) throws IOException {
    ArpSocket socket = sockets.get(link.getName());
    if (socket == null) {
      socket = ArpSocket.open(link);
      sockets.put(link.getName(), socket);
    }
    return socket;
  }

  /**
   * Which stations have spoken from which addresses since the last call, or since the first {@link
   * #probe} after a {@link #rest}: hardware addresses by IPv4 addresses.
   */
  public Map<String, String> heard() throws IOException {
    Map<String, String> stations = new LinkedHashMap<>();
    for (ArpSocket socket : sockets.values()) {
      for (int count = 0; count < MOST_HEARD; count++) {
        Optional<ArpPacket> packet = socket.heard();
        if (packet.isEmpty()) {
          break;
        }
        stations.put(packet.get().sender().getHostAddress(), packet.get().senderName());
      }
    }
    return stations;
  }

  /** Has this host have the address for so long from now on; at least a second. */
  public void hold(String address, Duration lifetime) throws IOException {
    InterfaceAddresses.hold(linkOf(address), parsed(address), lifetime);
  }

  /** Takes the address from this host; fine when it has none. */
  public void drop(String address) throws IOException {
    NetworkInterface link = NetworkInterface.getByInetAddress(parsed(address));
    if (link != null) {
      InterfaceAddresses.drop(link, parsed(address));
    }
  }

  /** Hears nothing until the next {@link #probe}. */
  public void rest() {
    sockets.values().forEach(ArpSocket::close);
    sockets.clear();
  }
}
