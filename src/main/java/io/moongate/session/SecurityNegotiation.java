package io.moongate.session;

import io.moongate.scsi.Admission;
import io.moongate.scsi.TargetDirectory;
import io.moongate.wire.LoginStatus;
import io.moongate.wire.TextKeys;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether an initiator may log in, and the security stage in which it proves who it is (RFC 7143
 * sections 6.3.2, 11.13.5 and 12.1).
 *
 * <pre>
 *  admit ──not on the list──▶ 0202          admit ──the target is elsewhere now──▶ 0101
 *  OPEN (no credentials asked for): AuthMethod is answered None; whoever insists on CHAP: 0201
 *  REQUIRED ──AuthMethod with CHAP──▶ CHAP ──proven──▶ the login may go on
 *     ├──no AuthMethod, once──▶ the target proposes AuthMethod=CHAP itself
 *     └──None only, or no security stage──▶ 0201
 * </pre>
 *
 * <p>An initiator that is not on a target's access list is told so (0202, "not allowed access to
 * the given target") and not that there is no such target (0203, "does not exist at this address"):
 * the standard has a code for each, hosts give up a target for good on 0203, and whoever set the
 * list wrong can see it. The names of targets are no secret: what an initiator may not log in to is
 * not listed to it either, but a list is there to keep volumes apart, not to hide that they exist.
 */
final class SecurityNegotiation {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String CHAP = "CHAP";

  private final TargetDirectory directory;
  private final Optional<String> target;
  private final String initiatorName;
  private final boolean leading;
  private final ChapSettings settings;
  private final Admission admission;

  private boolean proposed;
  private Chap chap;

  private SecurityNegotiation(
      TargetDirectory directory,
      Optional<String> target,
      String initiatorName,
      boolean leading,
      ChapSettings settings)
      throws LoginRefused {
    this.directory = directory;
    this.target = target;
    this.initiatorName = initiatorName;
    this.leading = leading;
    this.settings = settings;
    this.admission = admission();
  }

  /**
   * Begins with what the directory says of the initiator.
   *
   * @param target empty for a discovery session
   * @param leading whether this is the first connection of a session: further ones have to come to
   *     where the session is, so that only the first is redirected
   * @throws LoginRefused when the initiator may not log in, or not here
   */
  static SecurityNegotiation admit(
      TargetDirectory directory,
      Optional<String> target,
      String initiatorName,
      boolean leading,
      ChapSettings settings)
      throws LoginRefused {
    return new SecurityNegotiation(directory, target, initiatorName, leading, settings);
  }

  /**
   * The login begins with the operational stage.
   *
   * @throws LoginRefused when the initiator would have had to prove itself first
   */
  void skipped() throws LoginRefused {
    if (required()) {
      throw failure("the initiator skips the security stage, and has to authenticate itself");
    }
  }

  /** Whether the login may leave the security stage. */
  boolean finished() {
    return !required() || (chap != null && chap.proven());
  }

  /**
   * Takes the security keys of a text, and removes them from it.
   *
   * @return the answer
   */
  List<TextKeys.Pair> received(Map<String, String> keys) throws LoginRefused {
    String offered = keys.remove("AuthMethod");
    Map<String, String> exchange = new HashMap<>(keys);
    exchange.keySet().retainAll(Chap.KEYS);
    keys.keySet().removeAll(Chap.KEYS);
    if (chap == null && !exchange.isEmpty()) {
      throw failure("CHAP keys before AuthMethod=CHAP was agreed on");
    }
    if (offered != null) {
      return method(offered);
    }
    if (chap != null) {
      return chap.received(exchange);
    }
    if (!required()) {
      return List.of();
    }
    if (proposed) {
      throw failure("the initiator does not answer AuthMethod=CHAP, which is required");
    }
    proposed = true;
    return List.of(new TextKeys.Pair("AuthMethod", CHAP));
  }

  /**
   * To be called when all else is agreed: an access list or a secret that was changed during the
   * login must not let in whom it would not let in now.
   */
  void recheck() throws LoginRefused {
    Admission now = admission();
    if (now.initiator().isPresent() && !now.initiator().equals(admission.initiator())) {
      throw failure("the CHAP credentials were changed during the login");
    }
  }

  private List<TextKeys.Pair> method(String offered) throws LoginRefused {
    if (!required()) {
      if (!Negotiation.offers(offered, Negotiation.NONE)) {
        throw failure(
            "the initiator insists on AuthMethod "
                + LoginRefused.quoted(offered)
                + ", and no CHAP credentials are configured for it");
      }
      return List.of(new TextKeys.Pair("AuthMethod", Negotiation.NONE));
    }
    if (!Negotiation.offers(offered, CHAP)) {
      throw failure(
          "the initiator offers AuthMethod "
              + LoginRefused.quoted(offered)
              + " only, and CHAP is required");
    }
    chap =
        new Chap(
            admission.initiator().orElseThrow(), admission.target(), settings.algorithms(), RANDOM);
    // An answer to the target's own proposal is not answered again.
    return proposed ? List.of() : List.of(new TextKeys.Pair("AuthMethod", CHAP));
  }

  private boolean required() {
    return admission.initiator().isPresent();
  }

  private Admission admission() throws LoginRefused {
    Admission found = directory.admission(target, initiatorName);
    if (!found.allowed()) {
      throw new LoginRefused(
          LoginStatus.AUTHORIZATION_FAILURE, "the initiator is not on the access list");
    }
    if (leading && target.isPresent() && found.redirect().isPresent()) {
      String address = TargetAddress.redirection(found.redirect().get());
      throw new LoginRefused(
          LoginStatus.TARGET_MOVED_TEMPORARILY,
          "redirected to " + address,
          TextKeys.none().with("TargetAddress", address));
    }
    return found;
  }

  private static LoginRefused failure(String reason) {
    return new LoginRefused(LoginStatus.AUTHENTICATION_FAILURE, reason);
  }
}
