package io.moongate.cluster.view;

import java.time.Instant;

/**
 * A portal address of a gateway that has failed, which another gateway's host has meanwhile: that
 * one's kernel refuses connections to it, and nothing is served there.
 *
 * @param address IPv4
 * @param gateway name of the one that holds it
 * @param incarnation its process
 * @param since when that was decided
 */
public record HeldPortal(String address, String gateway, String incarnation, Instant since) {
  /** Whether that process holds it. */
  public boolean by(String name, String process) {
    return gateway.equals(name) && incarnation.equals(process);
  }
}
