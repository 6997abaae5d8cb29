package io.moongate.simulation;

import io.moongate.relay.SimulatedRelay;

/** A relay connection between two processes. */
final class RelayWire implements SimulatedRelay.Wire {
  private final Network.Stream toOwner;
  private final Network.Stream toSender;

  RelayWire(GatewayLife sender, GatewayLife owner) {
    Network network = sender.world().network();
    toOwner = network.new Stream(sender.name(), owner.name(), owner.process());
    toSender = network.new Stream(owner.name(), sender.name(), sender.process());
  }

  @Override
  public void toOwner(Runnable arrival) {
    toOwner.send(arrival);
  }

  @Override
  public void toSender(Runnable arrival) {
    toSender.send(arrival);
  }

  /** What is under way may still arrive. */
  @Override
  public void reset() {}
}
