package io.moongate.scsi;

import java.util.Optional;

/**
 * Whether an initiator may log in to a target, and how both prove who they are (RFC 7143 sections
 * 9.2 and 12.1).
 *
 * @param allowed whether the initiator is on the target's access list, or the target has none
 * @param initiator the CHAP name and secret by which the initiator has to authenticate itself;
 *     empty when it need not
 * @param target those by which the target authenticates itself when it is asked to; empty when it
 *     can't
 * @param redirect another portal to log in to now, because this gateway is being drained
 */
public record Admission(
    boolean allowed,
    Optional<Credentials> initiator,
    Optional<Credentials> target,
    Optional<TargetDirectory.Portal> redirect) {

  /** Whoever comes may log in. */
  public static final Admission OPEN =
      new Admission(true, Optional.empty(), Optional.empty(), Optional.empty());

  /** Not on the access list. */
  public static final Admission REFUSED =
      new Admission(false, Optional.empty(), Optional.empty(), Optional.empty());

  /**
   * A CHAP name and its secret.
   *
   * @param secret 12 to 255 bytes, as UTF-8; never logged
   */
  public record Credentials(String name, String secret) {
    @Override
    public String toString() {
      return "Credentials[name=" + name + "]";
    }
  }
}
