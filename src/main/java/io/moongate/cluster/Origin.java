package io.moongate.cluster;

/**
 * Who asks for a change.
 *
 * @param user whom the API has recognised; empty when it asked nobody who they are
 * @param address from which the request came; empty when the gateway asks of itself
 * @param gateway whose API was asked, or which asks of itself
 */
public record Origin(String user, String address, String gateway) implements CborSerializable {

  /** What a gateway asks by itself. */
  public static Origin gateway(String name) {
    return new Origin("", "", name);
  }

  /**
   * The cause of a change, for the record.
   *
   * @param what was done, in the past tense
   */
  public String asked(String what) {
    if (address.isEmpty()) {
      return "%s by %s".formatted(what, gateway);
    }
    return "%s through the API of %s by %s".formatted(what, gateway, who());
  }

  /** The user and the address, as far as they are known. */
  public String who() {
    return user.isEmpty() ? address : user + " at " + address;
  }
}
