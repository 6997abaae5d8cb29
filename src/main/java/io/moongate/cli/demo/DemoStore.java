package io.moongate.cli.demo;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the demo's LUNs have their blocks: in its own directory, in a pool of Ceph, or, for
 * measurements, in the memory of their gateway.
 *
 * @param kind of the volume store
 */
public record DemoStore(String kind, Optional<Ceph> ceph) {

  /** Files in the demo's own directory. */
  public static final DemoStore FILE = new DemoStore("file", Optional.empty());

  /** The heap of the gateway that owns the LUN. */
  public static final DemoStore MEMORY = new DemoStore("memory", Optional.empty());

  /** Room for a LUN, and some beside it (HOCON). */
  private static final String CAPACITY = "moongate.volume.memory.capacity = 2 GiB\n";

  /**
   * A pool of Ceph.
   *
   * @param conf Ceph's configuration file
   * @param user without {@code client.}
   * @param keyring with the user's key; empty: where Ceph's configuration says
   */
  public record Ceph(Path conf, String user, String pool, Optional<Path> keyring) {}

  static DemoStore rbd(Ceph ceph) {
    return new DemoStore("rbd", Optional.of(ceph));
  }

  /** The pool that has the LUNs' images, if it is one. */
  Optional<String> pool() {
    return ceph.map(Ceph::pool);
  }

  /** What the gateways' configuration files say of it beside the defaults (HOCON). */
  String configuration() {
    return ceph.map(DemoStore::configuration).orElse(equals(MEMORY) ? CAPACITY : "");
  }

  private static String configuration(Ceph ceph) {
    return """
    moongate.volume.rbd { conf-file = %s, user = %s, pool = %s, keyring = %s }
    moongate.management.stores = ["rbd", "file", "memory"]
    """
        .formatted(
            GatewayAddress.quoted(ceph.conf().toAbsolutePath().toString()),
            GatewayAddress.quoted(ceph.user()),
            GatewayAddress.quoted(ceph.pool()),
            GatewayAddress.quoted(
                ceph.keyring().map(file -> file.toAbsolutePath().toString()).orElse("")));
  }

  /** As a person names it. */
  String inWords() {
    return "--store " + kind + pool().map(name -> " --pool " + name).orElse("");
  }
}
