package io.moongate.multinode.harness;

import io.moongate.multinode.harness.PersistentReservations.Action;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** One initiator port of a host, logged in to a LUN through several gateways. */
public final class TestHost implements AutoCloseable {
  private final String name;
  private final List<Nexus> nexuses;

  private TestHost(String name, List<Nexus> nexuses) {
    this.name = name;
    this.nexuses = nexuses;
  }

  /**
   * Logs in through each gateway, and takes what a new nexus is told first.
   *
   * @param name of the host; equal names are the same initiator port, also after a restart
   */
  public static TestHost open(List<TestGateway> gateways, TestLun lun, String name)
      throws IOException {
    TestHost host = new TestHost(name, new ArrayList<>());
    try {
      for (TestGateway gateway : gateways) {
        host.nexuses.add(Nexus.open(gateway, lun, initiator(name), isid(name)));
      }
      host.settle();
      return host;
    } catch (IOException | RuntimeException e) {
      host.close();
      throw e;
    }
  }

  private static String initiator(String name) {
    return "iqn.2026-11.io.moongate:host-" + name;
  }

  /** The TransportID of the initiator port of that name (SPC-4 section 7.6.4.6, format 01b). */
  public static byte[] transportId(String name) {
    byte[] port =
        "%s,i,0x%012x".formatted(initiator(name), isid(name)).getBytes(StandardCharsets.US_ASCII);
    int additional = port.length + 4 & ~3;
    return ByteBuffer.allocate(4 + additional)
        .put((byte) 0x45)
        .put(3, (byte) additional)
        .put(4, port)
        .array();
  }

  /** Of the type "random" (RFC 7143 section 11.12.5). */
  private static long isid(String name) {
    return 0x8000_0000_0000L | name.hashCode() & 0xFFFF_FFFFL;
  }

  /** Its nexuses, in the order of the gateways. */
  public List<Nexus> nexuses() {
    return nexuses;
  }

  /** Its nexus through a gateway. */
  public Nexus through(TestGateway gateway) {
    return nexuses.stream()
        .filter(nexus -> nexus.gateway() == gateway)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(this + " has no path by " + gateway));
  }

  /** Takes what each nexus has to be told. */
  public void settle() throws IOException {
    for (Nexus nexus : nexuses) {
      nexus.settle();
    }
  }

  /** Registers every nexus under the key. */
  public void register(long key) throws IOException {
    for (Nexus nexus : nexuses) {
      PersistentReservations.register(nexus, key);
    }
  }

  /** Takes the registration of every nexus away, and with it what it reserves. */
  public void unregister() throws IOException {
    for (Nexus nexus : nexuses) {
      nexus.execute(
          PersistentReservations.cdb(Action.REGISTER_AND_IGNORE_EXISTING_KEY, null),
          PersistentReservations.list(0, 0, true),
          0);
    }
  }

  @Override
  public String toString() {
    return name;
  }

  /** Drops its connections. */
  @Override
  public void close() throws IOException {
    for (Nexus nexus : nexuses) {
      nexus.close();
    }
  }
}
