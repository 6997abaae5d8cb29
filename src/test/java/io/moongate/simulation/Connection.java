package io.moongate.simulation;

/** A connection of a host to a process of a gateway. */
final class Connection {
  final String host;
  final GatewayLife gateway;
  private final Network.Stream toGateway;
  private final Network.Stream toHost;
  private final boolean orphans;

  Connection(World world, String host, SimulatedProcess hostProcess, GatewayLife gateway) {
    this.host = host;
    this.gateway = gateway;
    this.orphans = world.settings().orphanedBytesArrive();
    Network network = world.network();
    toGateway = network.new Stream(host, gateway.name(), gateway.process());
    toHost = network.new Stream(gateway.name(), host, hostProcess);
  }

  void toGateway(Runnable arrival) {
    toGateway.send(arrival);
  }

  void toHost(Runnable arrival) {
    toHost.send(arrival);
  }

  /** The host gives it up. What lies in the gateway's buffer already is read all the same. */
  void reset() {
    if (!orphans) {
      toGateway.reset();
    }
  }
}
