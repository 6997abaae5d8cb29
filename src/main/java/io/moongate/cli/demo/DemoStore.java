package io.moongate.cli.demo;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the demo's LUNs have their blocks.
 *
 * @param kind of the volume store
 * @param pool of Ceph that has their images; empty when they are in the demo's directory
 * @param configuration what the gateways' configuration files say of it beside the defaults (HOCON)
 */
record DemoStore(String kind, Optional<String> pool, String configuration) {

  /** Files in the demo's own directory. */
  static final DemoStore FILE = new DemoStore("file", Optional.empty(), "");

  /**
   * Images of a Ceph pool.
   *
   * @param conf Ceph's configuration file
   * @param user without {@code client.}
   * @param keyring with the user's key; empty: where Ceph's configuration says
   */
  static DemoStore rbd(Path conf, String user, String pool, Optional<Path> keyring) {
    return new DemoStore(
        "rbd",
        Optional.of(pool),
        """
        moongate.volume.rbd { conf-file = %s, user = %s, pool = %s, keyring = %s }
        moongate.management.stores = ["rbd", "file", "memory"]
        """
            .formatted(
                GatewayAddress.quoted(conf.toAbsolutePath().toString()),
                GatewayAddress.quoted(user),
                GatewayAddress.quoted(pool),
                GatewayAddress.quoted(
                    keyring.map(file -> file.toAbsolutePath().toString()).orElse(""))));
  }

  /** As a person names it. */
  String inWords() {
    return "--store " + kind + pool.map(name -> " --pool " + name).orElse("");
  }
}
