/**
 * The HTTP API: what an operator asks of the cluster and tells it, through any gateway.
 *
 * <p>{@link io.moongate.management.ManagementServer} binds; {@code ApiRoutes} reads as the table of
 * contents; {@code Resources} turns the view into the records of {@code management.api}, which are
 * all that a client needs. Reading is answered from this gateway's replica of the view, so it works
 * when entities or Cassandra are out of reach. Whatever goes wrong is answered with a problem
 * document (RFC 9457).
 *
 * <p>Before anything of a request is carried out {@code Gate} finds out who sends it and whether
 * {@code Permissions} let that user; without users nobody is let in. It listens on loopback unless
 * {@code moongate.management.allow-remote} says otherwise.
 */
package io.moongate.management;
