package io.moongate.link;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * A packet of the Address Resolution Protocol for IPv4 on Ethernet (RFC 826).
 *
 * @param operation {@link #REQUEST} or 2, a reply
 * @param senderHardware six bytes
 * @param sender protocol address of the sender; 0.0.0.0 in a probe (RFC 5227)
 * @param target protocol address that it is about
 */
public record ArpPacket(
    int operation, byte[] senderHardware, Inet4Address sender, Inet4Address target) {
  static final int REQUEST = 1;
  static final int LENGTH = 28;
  static final int HARDWARE_LENGTH = 6;
  private static final int ETHERNET = 1;
  private static final int IPV4 = 0x0800;
  private static final int ADDRESS_LENGTH = 4;

  public ArpPacket {
    senderHardware = senderHardware.clone();
    if (senderHardware.length != HARDWARE_LENGTH) {
      throw new IllegalArgumentException("expected six bytes of a hardware address");
    }
  }

  /** An ARP Probe: asks who has an address, and claims none (RFC 5227 section 1.1). */
  static ArpPacket probe(byte[] hardware, Inet4Address address) {
    return new ArpPacket(REQUEST, hardware, address(new byte[ADDRESS_LENGTH]), address);
  }

  /** An ARP Announcement: claims an address (RFC 5227 section 1.1). */
  static ArpPacket announcement(byte[] hardware, Inet4Address address) {
    return new ArpPacket(REQUEST, hardware, address, address);
  }

  @Override
  public byte[] senderHardware() {
    return senderHardware.clone();
  }

  /** The sender's hardware address as it is usually written. */
  String senderName() {
    return HexFormat.ofDelimiter(":").formatHex(senderHardware);
  }

  byte[] encoded() {
    ByteBuffer out = ByteBuffer.allocate(LENGTH);
    out.putShort((short) ETHERNET).putShort((short) IPV4);
    out.put((byte) HARDWARE_LENGTH).put((byte) ADDRESS_LENGTH).putShort((short) operation);
    out.put(senderHardware).put(sender.getAddress());
    out.put(new byte[HARDWARE_LENGTH]).put(target.getAddress());
    return out.array();
  }

  /** The packet in these bytes; empty when it is no such one. */
  static Optional<ArpPacket> decoded(byte[] bytes, int length) {
    try {
      ByteBuffer in = ByteBuffer.wrap(bytes, 0, length);
      boolean known =
          in.getShort() == ETHERNET
              && in.getShort() == IPV4
              && in.get() == HARDWARE_LENGTH
              && in.get() == ADDRESS_LENGTH;
      if (!known) {
        return Optional.empty();
      }
      int operation = in.getShort();
      byte[] hardware = new byte[HARDWARE_LENGTH];
      byte[] sender = new byte[ADDRESS_LENGTH];
      byte[] target = new byte[ADDRESS_LENGTH];
      in.get(hardware).get(sender);
      in.position(in.position() + HARDWARE_LENGTH);
      in.get(target);
      return Optional.of(new ArpPacket(operation, hardware, address(sender), address(target)));
    } catch (BufferUnderflowException | IllegalArgumentException tooShort) {
      return Optional.empty();
    }
  }

  private static Inet4Address address(byte[] bytes) {
    try {
      return (Inet4Address) InetAddress.getByAddress(bytes);
    } catch (UnknownHostException wrong) {
      throw new IllegalArgumentException(wrong);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ArpPacket that
        && operation == that.operation
        && Arrays.equals(senderHardware, that.senderHardware)
        && sender.equals(that.sender)
        && target.equals(that.target);
  }

  @Override
  public int hashCode() {
    return sender.hashCode() * 31 + target.hashCode();
  }

  @Override
  public String toString() {
    return "arp %d %s is at %s, about %s"
        .formatted(operation, sender.getHostAddress(), senderName(), target.getHostAddress());
  }
}
