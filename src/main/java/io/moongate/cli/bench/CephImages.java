package io.moongate.cli.bench;

import io.moongate.cli.demo.Deadline;
import io.moongate.cli.demo.DemoCluster;
import io.moongate.cli.demo.DemoException;
import io.moongate.cli.demo.DemoStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Images of the pool for those who are compared with. They are removed at the end. */
final class CephImages {

  private static final Duration REMOVAL = Duration.ofSeconds(90);
  private static final Duration POLL = Duration.ofSeconds(2);

  private final DemoStore.Ceph ceph;
  private final Path conf;
  private final Client client;
  private final List<String> made = new ArrayList<>();

  /**
   * @param directory for a configuration file in which the client's cache is off: whoever has one
   *     acknowledges writes that no server has, and gateways can't have one
   */
  CephImages(DemoStore.Ceph ceph, Path directory, Client client) {
    this.ceph = ceph;
    this.conf = directory.resolve("bench-ceph.conf");
    this.client = client;
    String more =
        ceph.keyring()
            .map(
                file ->
                    "\n[client.%s]\nkeyring = %s\n".formatted(ceph.user(), file.toAbsolutePath()))
            .orElse("");
    try {
      Files.writeString(
          conf, Files.readString(ceph.conf()) + "\n[client]\nrbd_cache = false\n" + more);
    } catch (IOException e) {
      throw new DemoException("can't copy %s to %s: %s".formatted(ceph.conf(), conf, e), e);
    }
  }

  /** The beginning of a command line of {@code rbd}. */
  List<String> rbd(String subcommand) {
    return List.of("rbd", "-c", conf.toString(), "--id", ceph.user(), subcommand);
  }

  /** Makes an image like those of the gateway; its name with the pool's. */
  String create(String name) {
    String image =
        "%s/moongate-bench-%d-%s".formatted(ceph.pool(), ProcessHandle.current().pid(), name);
    List<String> command = new ArrayList<>(rbd("create"));
    command.addAll(List.of("--size", (DemoCluster.LUN_SIZE >> 20) + "M"));
    command.addAll(List.of("--image-feature", "layering,exclusive-lock", image));
    client.run(command);
    made.add(image);
    return image;
  }

  /** What tgt has to know beside an image's name. */
  String tgtOptions() {
    return "conf=%s;id=%s".formatted(conf, ceph.user());
  }

  /** Removes what was made, when Ceph no longer takes a killed client for a living one. */
  List<String> remove() {
    Deadline deadline = Deadline.after(REMOVAL);
    List<String> left = new ArrayList<>(made);
    while (true) {
      left.removeIf(this::removed);
      if (left.isEmpty() || deadline.passed()) {
        return left;
      }
      Deadline.pause(POLL);
    }
  }

  private boolean removed(String image) {
    List<String> command = new ArrayList<>(rbd("rm"));
    command.addAll(List.of("--no-progress", image));
    try {
      client.run(command);
      return true;
    } catch (DemoException e) {
      return false;
    }
  }
}
