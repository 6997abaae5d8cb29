package io.moongate.management.api;

/**
 * Body of {@code PUT /targets/IQN/chap} and {@code PUT /targets/IQN/mutual-chap}, and a part of
 * {@link AllowInitiator}.
 *
 * @param user the CHAP name, 1 to 255 bytes
 * @param secret 12 to 255 bytes; null: the one that is set stays
 */
public record SetChap(String user, String secret) {
  @Override
  public String toString() {
    return "SetChap[user=" + user + "]";
  }
}
