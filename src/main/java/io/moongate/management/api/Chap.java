package io.moongate.management.api;

/**
 * CHAP credentials as the API shows them.
 *
 * @param user the CHAP name
 * @param secret always {@code set}: no secret is ever shown
 */
public record Chap(String user, String secret) {
  /** Credentials with a secret that is not shown. */
  public static Chap of(String user) {
    return new Chap(user, "set");
  }
}
