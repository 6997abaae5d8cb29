/**
 * A whole cluster on one thread, from a seed: the product's protocol code with gateways, hosts,
 * network, clocks, Cassandra and stores that are simulated round it. To be read in this order:
 * {@link io.moongate.simulation.World}, which has everything and runs it; {@link
 * io.moongate.simulation.GatewayLife}, one process of a gateway, and what of it is the product's;
 * {@link io.moongate.simulation.Invariants}, what must hold after every step; {@link
 * io.moongate.simulation.Faults}, what happens to it. docs/simulation.md says what is simulated by
 * which code and how a seed is replayed.
 */
package io.moongate.simulation;
