package io.moongate.simulation;

import java.util.function.IntConsumer;

/** A connection of a host to a process of a gateway. */
final class Connection {
  final String host;
  final GatewayLife gateway;
  private final Network.Stream toGateway;
  private final Network.Stream toHost;
  private final boolean resets;

  /** Of the host: the StatSN that it has yet to receive. */
  private int expStatSn = 1;

  private boolean givenUp;

  Connection(World world, String host, SimulatedProcess hostProcess, GatewayLife gateway) {
    this.host = host;
    this.gateway = gateway;
    this.resets = world.hostsReset();
    Network network = world.network();
    toGateway = network.new Stream(host, gateway.name(), gateway.process());
    toHost = network.new Stream(gateway.name(), host, hostProcess);
  }

  /** What is sent acknowledges what the host has received by now. */
  void toGateway(IntConsumer arrival) {
    int acknowledges = expStatSn;
    toGateway.send(() -> arrival.accept(acknowledges));
  }

  void toHost(Runnable arrival) {
    toHost.send(arrival);
  }

  /** The same for a response. */
  void toHost(int statSn, Runnable arrival) {
    toHost.send(
        () -> {
          expStatSn = Math.max(expStatSn, statSn + 1);
          arrival.run();
        });
  }

  /** A NOP-In: whoever has given the connection up answers nothing on it. */
  void ask(Runnable answer) {
    toHost.send(
        () -> {
          if (!givenUp) {
            toGateway.send(answer);
          }
        });
  }

  /**
   * The host gives it up. What lies in the gateway's buffer already is read all the same; so is
   * what its kernel has still to send, where it does not end the connection by a reset.
   */
  void giveUp() {
    givenUp = true;
    if (resets) {
      toGateway.reset();
    }
  }
}
