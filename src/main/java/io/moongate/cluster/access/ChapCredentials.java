package io.moongate.cluster.access;

import java.util.Optional;

/**
 * A CHAP name and its secret as they are asked for. Stays on the gateway that was asked.
 *
 * @param secret 12 to 255 bytes, as UTF-8; empty: the one that is there stays
 */
public record ChapCredentials(String user, Optional<String> secret) {
  @Override
  public String toString() {
    return "ChapCredentials[user=" + user + "]";
  }
}
