package io.moongate.session;

import io.moongate.scsi.Admission.Credentials;
import io.moongate.wire.BinaryValue;
import io.moongate.wire.LoginStatus;
import io.moongate.wire.TextKeys;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The target's side of one CHAP exchange (RFC 7143 sections 9.2.1 and 12.1.3, RFC 1994), begun when
 * AuthMethod=CHAP was answered. Pure but for its random numbers.
 *
 * <pre>
 *  ALGORITHM ──CHAP_A=&lt;list&gt;──▶ CHALLENGED      answer: CHAP_A, CHAP_I, CHAP_C
 *  CHALLENGED ──CHAP_N, CHAP_R──▶ PROVEN        no answer
 *  CHALLENGED ──CHAP_N, CHAP_R, CHAP_I, CHAP_C──▶ PROVEN    answer: CHAP_N, CHAP_R
 *  any ──anything else, or a wrong response──▶ the login fails: authentication failure
 * </pre>
 *
 * <p>There is one challenge for each exchange and one try at it: what comes again, too late or in
 * another order fails the login, and so does a response that was seen elsewhere, as no challenge is
 * used twice. The target answers a challenge only after the initiator has proven itself, so that
 * nobody can have it answer a challenge of its own or of another gateway.
 */
final class Chap {
  /** The keys of the exchange. */
  static final Set<String> KEYS = Set.of("CHAP_A", "CHAP_I", "CHAP_C", "CHAP_N", "CHAP_R");

  /** The greatest length of a challenge or a response in bytes (section 12.1.3). */
  static final int MAX_BINARY_LENGTH = 1024;

  /** The greatest length of a name in bytes (section 6.1: a value where no other is given). */
  static final int MAX_NAME_LENGTH = 255;

  private enum State {
    ALGORITHM,
    CHALLENGED,
    PROVEN
  }

  private final Credentials initiator;
  private final Optional<Credentials> target;
  private final Set<ChapAlgorithm> allowed;
  private final SecureRandom random;

  private State state = State.ALGORITHM;
  private ChapAlgorithm algorithm;
  private int identifier;
  private byte[] challenge;

  /**
   * @param initiator by which the initiator proves itself
   * @param target by which the target does when it is asked to; empty when it can't
   * @param allowed the algorithms to choose from
   */
  Chap(
      Credentials initiator,
      Optional<Credentials> target,
      Set<ChapAlgorithm> allowed,
      SecureRandom random) {
    this.initiator = initiator;
    this.target = target;
    this.allowed = allowed;
    this.random = random;
  }

  /** Whether the initiator has proven itself, and the target too if it was asked to. */
  boolean proven() {
    return state == State.PROVEN;
  }

  /**
   * Takes the keys of the exchange that one text has.
   *
   * @param keys of {@link #KEYS} only; none is no step, and changes nothing
   * @return the answer
   */
  List<TextKeys.Pair> received(Map<String, String> keys) throws LoginRefused {
    if (keys.isEmpty()) {
      return List.of();
    }
    return switch (state) {
      case ALGORITHM -> choose(keys);
      case CHALLENGED -> check(keys);
      case PROVEN -> throw failure("CHAP keys after the end of the exchange");
    };
  }

  private List<TextKeys.Pair> choose(Map<String, String> keys) throws LoginRefused {
    if (!keys.keySet().equals(Set.of("CHAP_A"))) {
      throw failure("expected CHAP_A, not " + keys.keySet());
    }
    for (String proposed : keys.get("CHAP_A").split(",", -1)) {
      Optional<ChapAlgorithm> known =
          ChapAlgorithm.of(Negotiation.parse(proposed, 0, 255)).filter(allowed::contains);
      if (known.isPresent()) {
        algorithm = known.get();
        identifier = random.nextInt(256);
        challenge = new byte[algorithm.length()];
        random.nextBytes(challenge);
        state = State.CHALLENGED;
        return List.of(
            new TextKeys.Pair("CHAP_A", Integer.toString(algorithm.number())),
            new TextKeys.Pair("CHAP_I", Integer.toString(identifier)),
            new TextKeys.Pair("CHAP_C", BinaryValue.format(challenge)));
      }
    }
    throw failure("no allowed algorithm in CHAP_A " + LoginRefused.quoted(keys.get("CHAP_A")));
  }

  private List<TextKeys.Pair> check(Map<String, String> keys) throws LoginRefused {
    boolean mutual = keys.size() == 4;
    Set<String> expected =
        mutual ? Set.of("CHAP_N", "CHAP_R", "CHAP_I", "CHAP_C") : Set.of("CHAP_N", "CHAP_R");
    if (!keys.keySet().equals(expected)) {
      throw failure(
          "expected CHAP_N and CHAP_R, maybe with CHAP_I and CHAP_C, not " + keys.keySet());
    }
    byte[] name = keys.get("CHAP_N").getBytes(StandardCharsets.UTF_8);
    Optional<byte[]> response = BinaryValue.parse(keys.get("CHAP_R"), MAX_BINARY_LENGTH);
    if (name.length > MAX_NAME_LENGTH || response.isEmpty()) {
      throw failure("CHAP_N or CHAP_R is not of its format");
    }
    byte[] right = algorithm.response(identifier, initiator.secret(), challenge);
    // Both are looked at in full: time tells nothing of which was wrong, or where.
    boolean named = MessageDigest.isEqual(initiator.name().getBytes(StandardCharsets.UTF_8), name);
    boolean knows = MessageDigest.isEqual(right, response.get());
    if (!named || !knows) {
      throw failure("wrong CHAP name or secret");
    }
    if (target.filter(own -> own.secret().equals(initiator.secret())).isPresent()) {
      throw failure(
          "the same CHAP secret is configured for the initiator and for the target:"
              + " one of them has to be changed");
    }
    List<TextKeys.Pair> answer = mutual ? answer(keys) : List.of();
    state = State.PROVEN;
    return answer;
  }

  /** The initiator asks for proof that the target is who it says. */
  private List<TextKeys.Pair> answer(Map<String, String> keys) throws LoginRefused {
    if (target.isEmpty()) {
      throw failure("the target is asked to authenticate itself and has no CHAP credentials");
    }
    int asked = Negotiation.parse(keys.get("CHAP_I"), 0, 255);
    Optional<byte[]> theirs = BinaryValue.parse(keys.get("CHAP_C"), MAX_BINARY_LENGTH);
    if (asked < 0 || theirs.isEmpty()) {
      throw failure("CHAP_I or CHAP_C is not of its format");
    }
    if (MessageDigest.isEqual(theirs.get(), challenge)) {
      throw failure("the target's own challenge was sent back to it");
    }
    byte[] proof = algorithm.response(asked, target.get().secret(), theirs.get());
    return List.of(
        new TextKeys.Pair("CHAP_N", target.get().name()),
        new TextKeys.Pair("CHAP_R", BinaryValue.format(proof)));
  }

  private static LoginRefused failure(String reason) {
    return new LoginRefused(LoginStatus.AUTHENTICATION_FAILURE, reason);
  }
}
