package io.moongate.cli.demo;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A gateway of the demo and, once it was started, its process. It can be started again after it
 * died.
 */
public final class GatewayProcess {

  /** The exit status of a gateway that the cluster expelled: it may come back as a newcomer. */
  static final int EXPELLED = 75;

  private final GatewayAddress address;
  private final OwnJvm jvm;
  private final List<String> options;
  private final Path config;
  private final Path log;
  private Child child;

  GatewayProcess(GatewayAddress address, OwnJvm jvm, List<String> options, Path config, Path log) {
    this.address = address;
    this.jvm = jvm;
    this.options = options;
    this.config = config;
    this.log = log;
  }

  GatewayAddress address() {
    return address;
  }

  /** Address and port of its iSCSI portal. */
  public String portal() {
    return address.portal();
  }

  public String name() {
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
            name(), jvm.command(options, "gateway", "--config", config.toString()), Map.of(), log);
  }

  /** Whether it runs. */
  boolean alive() {
    return child != null && child.alive();
  }

  /**
   * The process.
   *
   * @throws IllegalStateException before the first start
   */
  public Child child() {
    if (child == null) {
      throw new IllegalStateException(name() + " was never started");
    }
    return child;
  }
}
