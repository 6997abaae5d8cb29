package io.moongate.cluster.charter;

/**
 * Where a guardian is: what only one living process can have.
 *
 * @param name of the gateway
 * @param address host and port that its process holds open for as long as it lives
 */
public record Seat(String name, String address) {
  /** Reads what {@link #toString} wrote. */
  public static Seat parse(String text) {
    int at = text.indexOf('@');
    if (at < 0) {
      throw new IllegalArgumentException("expected name@host:port, not \"" + text + "\"");
    }
    return new Seat(text.substring(0, at), text.substring(at + 1));
  }

  @Override
  public String toString() {
    return name + "@" + address;
  }
}
