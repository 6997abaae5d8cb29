package io.moongate.cli.demo;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A gateway of the demo and, once it was started, its process. It can be started again after it
 * died.
 */
final class GatewayProcess {

  /** The exit status of a gateway that the cluster expelled: it may come back as a newcomer. */
  static final int EXPELLED = 75;

  // The serial collector: several JVMs share few cores here, and the heap is small.
  private static final List<String> JVM_OPTIONS =
      List.of("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC");

  private final GatewayAddress address;
  private final OwnJvm jvm;
  private final Path config;
  private final Path log;
  private Child child;

  GatewayProcess(GatewayAddress address, OwnJvm jvm, Path config, Path log) {
    this.address = address;
    this.jvm = jvm;
    this.config = config;
    this.log = log;
  }

  GatewayAddress address() {
    return address;
  }

  String name() {
    return address.name();
  }

  /**
   * Starts it, for the first time or again.
   *
   * @throws IllegalStateException while it runs
   */
  void start(Children children) {
    if (alive()) {
      throw new IllegalStateException(name() + " runs already");
    }
    child =
        children.start(
            name(),
            jvm.command(JVM_OPTIONS, "gateway", "--config", config.toString()),
            Map.of(),
            log);
  }

  /** Whether it runs. */
  boolean alive() {
    return child != null && child.alive();
  }

  /**
   * @throws IllegalStateException before the first start
   */
  Child child() {
    if (child == null) {
      throw new IllegalStateException(name() + " was never started");
    }
    return child;
  }
}
