package io.moongate.link;

import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.NetworkInterface;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * Asks who has an IPv4 address on one link, claims one, and hears what others say (RFC 5227). Needs
 * CAP_NET_RAW. Not thread-safe. What is heard between two looks is kept by the kernel.
 */
public final class ArpSocket implements AutoCloseable {
  private static final int ETHERTYPE_ARP = 0x0806;

  /** {@code struct sockaddr_ll}. */
  private static final int ADDRESS_LENGTH = 20;

  /** Other protocols' frames are not delivered, and an Ethernet frame is no longer. */
  private static final int LARGEST = 1_514;

  private final int descriptor;
  private final String name;
  private final byte[] hardware;
  private final byte[] everybody;
  private final byte[] buffer = new byte[LARGEST];

  private ArpSocket(int descriptor, NetworkInterface link, byte[] hardware) {
    this.descriptor = descriptor;
    this.name = link.getName();
    this.hardware = hardware;
    this.everybody = address(link.getIndex());
  }

  /**
   * Opens one.
   *
   * @throws IOException when it may not be had, or the interface is not an Ethernet
   */
  public static ArpSocket open(NetworkInterface link) throws IOException {
    byte[] hardware = link.getHardwareAddress();
    if (hardware == null || hardware.length != ArpPacket.HARDWARE_LENGTH) {
      throw new IOException(link.getName() + " has no Ethernet address");
    }
    // Of no protocol until it is bound: it would hear of all interfaces.
    int descriptor = Calls.socket(Calls.AF_PACKET, Calls.SOCK_DGRAM | Calls.SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
      throw Calls.failed("a packet socket on " + link.getName());
    }
    ArpSocket socket = new ArpSocket(descriptor, link, hardware);
    if (Calls.bind(descriptor, socket.everybody, ADDRESS_LENGTH) < 0) {
      IOException failure = Calls.failed("a packet socket on " + link.getName());
      socket.close();
      throw failure;
    }
    return socket;
  }

  /** Of the broadcast address of an interface. */
  private static byte[] address(int index) {
    ByteBuffer out = ByteBuffer.allocate(ADDRESS_LENGTH).order(ByteOrder.nativeOrder());
    out.putShort((short) Calls.AF_PACKET);
    out.order(ByteOrder.BIG_ENDIAN).putShort((short) ETHERTYPE_ARP);
    out.order(ByteOrder.nativeOrder()).putInt(index);
    out.putShort((short) 0).put((byte) 0).put((byte) ArpPacket.HARDWARE_LENGTH);
    for (int i = 0; i < ArpPacket.HARDWARE_LENGTH; i++) {
      out.put((byte) 0xff);
    }
    return out.array();
  }

  /** Asks who has the address. */
  public void probe(Inet4Address address) throws IOException {
    send(ArpPacket.probe(hardware, address));
  }

  /** Tells everybody on the link that this host has the address. */
  public void announce(Inet4Address address) throws IOException {
    send(ArpPacket.announcement(hardware, address));
  }

  private void send(ArpPacket packet) throws IOException {
    byte[] bytes = packet.encoded();
    long sent =
        Calls.sendto(
                descriptor,
                bytes,
                new NativeLong(bytes.length),
                Calls.MSG_DONTWAIT,
                everybody,
                ADDRESS_LENGTH)
            .longValue();
    if (sent != bytes.length) {
      throw Calls.failed("a packet on " + name);
    }
  }

  /** The next packet that another station has sent; empty when there is none yet. */
  public Optional<ArpPacket> heard() throws IOException {
    while (true) {
      int length =
          Calls.recv(descriptor, buffer, new NativeLong(buffer.length), Calls.MSG_DONTWAIT)
              .intValue();
      if (length < 0) {
        int errno = Native.getLastError();
        if (errno == Calls.EAGAIN) {
          return Optional.empty();
        } else if (errno != Calls.EINTR) {
          throw Calls.failed("packets of " + name);
        }
      } else {
        Optional<ArpPacket> packet = ArpPacket.decoded(buffer, length);
        if (packet.isPresent()
            && !java.util.Arrays.equals(packet.get().senderHardware(), hardware)) {
          return packet;
        }
      }
    }
  }

  @Override
  public void close() {
    Calls.close(descriptor);
  }
}
