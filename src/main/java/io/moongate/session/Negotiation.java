package io.moongate.session;

import io.moongate.wire.LoginStatus;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntBinaryOperator;

/**
 * The operational keys of a login (RFC 7143 section 13): answers what the initiator offers, by each
 * key's result function, and remembers the results; what is never offered keeps its default.
 *
 * <p>A value that is not admissible is answered Reject and leaves the default; a key that is not
 * known is answered NotUnderstood; one that means nothing in a discovery session, Irrelevant.
 */
final class Negotiation {
  static final String REJECT = "Reject";
  static final String IRRELEVANT = "Irrelevant";
  static final String NOT_UNDERSTOOD = "NotUnderstood";
  static final String NONE = "None";
  static final String CRC32C = "CRC32C";

  /** What the target offers: no recovery beyond a new session, RFC 7143. */
  private static final int ERROR_RECOVERY_LEVEL = 0;

  private static final int PROTOCOL_LEVEL = 1;
  private static final int DEFAULT_TIME_2_WAIT = 2;
  private static final int DEFAULT_TIME_2_RETAIN = 0;

  private static final Optional<String> NOTHING = Optional.empty();

  private final SessionSettings settings;
  private final boolean discovery;
  private final Set<String> seen = new HashSet<>();
  private boolean joining;

  private String headerDigest = NONE;
  private String dataDigest = NONE;
  private int initiatorMaxRecv = OperationalParameters.DEFAULT_MAX_RECV_DATA_SEGMENT_LENGTH;
  private int targetMaxRecv = OperationalParameters.DEFAULT_MAX_RECV_DATA_SEGMENT_LENGTH;
  private int maxBurstLength = 262_144;
  private int firstBurstLength = 65_536;
  private int maxConnections = 1;
  private int maxOutstandingR2t = 1;
  private boolean initialR2t = true;
  private boolean immediateData = true;
  private int defaultTime2Wait = 2;
  private int defaultTime2Retain = 20;

  Negotiation(SessionSettings settings, boolean discovery) {
    this.settings = settings;
    this.discovery = discovery;
  }

  /**
   * This login joins a session: what was agreed for that one holds, and the keys that only a
   * leading login may use (section 13, "LO") are answered Reject.
   */
  void join(OperationalParameters session) {
    joining = true;
    maxBurstLength = session.maxBurstLength();
    firstBurstLength = session.firstBurstLength();
    maxConnections = session.maxConnections();
    maxOutstandingR2t = session.maxOutstandingR2t();
    initialR2t = session.initialR2t();
    immediateData = session.immediateData();
    defaultTime2Wait = session.defaultTime2Wait();
    defaultTime2Retain = session.defaultTime2Retain();
  }

  /** The longest data segment that the target takes; to be declared once (section 13.12). */
  int declareMaxRecvDataSegmentLength() {
    targetMaxRecv = settings.maxRecvDataSegmentLength();
    return targetMaxRecv;
  }

  /**
   * Marks a key as used in this login.
   *
   * @throws LoginRefused when it was used before (section 6.3)
   */
  void once(String key) throws LoginRefused {
    if (!seen.add(key)) {
      throw new LoginRefused(LoginStatus.INITIATOR_ERROR, key + " was negotiated twice");
    }
  }

  /** The answer to an offered key; empty for a declaration, or for an answer to an answer. */
  Optional<String> answer(String key, String value) {
    if (value.equals(REJECT) || value.equals(IRRELEVANT) || value.equals(NOT_UNDERSTOOD)) {
      return NOTHING;
    }
    if (discovery && meansNothingInDiscovery(key)) {
      return Optional.of(IRRELEVANT);
    }
    if (joining && isLeadingOnly(key)) {
      return Optional.of(REJECT);
    }
    return switch (key) {
      case "HeaderDigest" -> {
        Optional<String> chosen = digest(value, settings.headerDigests());
        headerDigest = chosen.orElse(headerDigest);
        yield chosen.or(() -> Optional.of(REJECT));
      }
      case "DataDigest" -> {
        Optional<String> chosen = digest(value, settings.dataDigests());
        dataDigest = chosen.orElse(dataDigest);
        yield chosen.or(() -> Optional.of(REJECT));
      }
      case "MaxRecvDataSegmentLength" -> {
        int length = parse(value, 512, (1 << 24) - 1);
        initiatorMaxRecv = length < 0 ? initiatorMaxRecv : length;
        yield length < 0 ? Optional.of(REJECT) : NOTHING;
      }
      case "MaxBurstLength" -> {
        maxBurstLength =
            least(value, 512, (1 << 24) - 1, settings.maxBurstLength(), maxBurstLength);
        yield result(value, 512, (1 << 24) - 1, maxBurstLength);
      }
      case "FirstBurstLength" -> {
        int ours = Math.min(settings.firstBurstLength(), maxBurstLength);
        firstBurstLength = least(value, 512, (1 << 24) - 1, ours, firstBurstLength);
        yield result(value, 512, (1 << 24) - 1, firstBurstLength);
      }
      case "MaxOutstandingR2T" -> {
        maxOutstandingR2t =
            least(value, 1, 65_535, settings.maxOutstandingR2t(), maxOutstandingR2t);
        yield result(value, 1, 65_535, maxOutstandingR2t);
      }
      case "InitialR2T" -> {
        if (!isBoolean(value)) {
          yield Optional.of(REJECT);
        }
        initialR2t = settings.initialR2t() || yes(value);
        yield bool(initialR2t);
      }
      case "ImmediateData" -> {
        if (!isBoolean(value)) {
          yield Optional.of(REJECT);
        }
        immediateData = yes(value);
        yield bool(immediateData);
      }
      case "DefaultTime2Wait" -> {
        int wait = function(value, 0, 3600, DEFAULT_TIME_2_WAIT, Math::max);
        defaultTime2Wait = wait < 0 ? defaultTime2Wait : wait;
        yield result(value, 0, 3600, defaultTime2Wait);
      }
      case "DefaultTime2Retain" -> {
        int retain = function(value, 0, 3600, DEFAULT_TIME_2_RETAIN, Math::min);
        defaultTime2Retain = retain < 0 ? defaultTime2Retain : retain;
        yield result(value, 0, 3600, defaultTime2Retain);
      }
      case "MaxConnections" -> {
        int ours = settings.maxConnectionsPerSession();
        maxConnections = least(value, 1, 65_535, ours, maxConnections);
        yield result(value, 1, 65_535, maxConnections);
      }
      case "ErrorRecoveryLevel" -> result(value, 0, 2, ERROR_RECOVERY_LEVEL);
      case "iSCSIProtocolLevel" -> {
        int level = function(value, 0, 31, PROTOCOL_LEVEL, Math::min);
        yield result(value, 0, 31, level);
      }
      case "DataPDUInOrder", "DataSequenceInOrder" ->
          isBoolean(value) ? bool(true) : Optional.of(REJECT);
      case "TaskReporting" -> Optional.of(offers(value, "RFC3720") ? "RFC3720" : REJECT);
      // Obsolete (section 13.25): answered so, never NotUnderstood.
      case "IFMarker", "OFMarker" -> bool(false);
      case "IFMarkInt", "OFMarkInt" -> Optional.of(REJECT);
      // Only the target may declare these.
      case "TargetPortalGroupTag", "TargetAlias", "TargetAddress", "SendTargets" ->
          Optional.of(REJECT);
      default -> Optional.of(NOT_UNDERSTOOD);
    };
  }

  /**
   * What was agreed.
   *
   * @throws LoginRefused when a digest that this gateway requires was not agreed to
   */
  OperationalParameters result() throws LoginRefused {
    if (!settings.headerDigests().accepts(headerDigest)) {
      throw new LoginRefused(LoginStatus.INITIATOR_ERROR, "HeaderDigest CRC32C is required");
    }
    if (!settings.dataDigests().accepts(dataDigest)) {
      throw new LoginRefused(LoginStatus.INITIATOR_ERROR, "DataDigest CRC32C is required");
    }
    return new OperationalParameters(
        headerDigest.equals(CRC32C),
        dataDigest.equals(CRC32C),
        initiatorMaxRecv,
        targetMaxRecv,
        maxBurstLength,
        Math.min(firstBurstLength, maxBurstLength),
        maxConnections,
        maxOutstandingR2t,
        initialR2t,
        immediateData,
        defaultTime2Wait,
        defaultTime2Retain);
  }

  /** A number in decimal or hexadecimal (section 6.1); -1 when it is none or out of range. */
  static int parse(String value, int from, int to) {
    boolean hexadecimal = value.startsWith("0x") || value.startsWith("0X");
    String digits = hexadecimal ? value.substring(2) : value;
    // Long.parseLong alone would take a sign, and digits of other scripts.
    String known = hexadecimal ? "0123456789abcdefABCDEF" : "0123456789";
    if (digits.chars().anyMatch(c -> known.indexOf(c) < 0)) {
      return -1;
    }
    try {
      long number = Long.parseLong(digits, hexadecimal ? 16 : 10);
      return number >= from && number <= to ? (int) number : -1;
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** Whether a key is known, and has no place in the security stage (section 12). */
  static boolean isOperational(String key) {
    return switch (key) {
      case "HeaderDigest",
          "DataDigest",
          "MaxConnections",
          "InitialR2T",
          "ImmediateData",
          "MaxRecvDataSegmentLength",
          "MaxBurstLength",
          "FirstBurstLength",
          "DefaultTime2Wait",
          "DefaultTime2Retain",
          "MaxOutstandingR2T",
          "DataPDUInOrder",
          "DataSequenceInOrder",
          "ErrorRecoveryLevel",
          "iSCSIProtocolLevel",
          "TaskReporting",
          "SendTargets",
          "IFMarker",
          "OFMarker",
          "IFMarkInt",
          "OFMarkInt" ->
          true;
      default -> false;
    };
  }

  /** Whether a list of values has this one. */
  static boolean offers(String list, String wanted) {
    for (String value : list.split(",", -1)) {
      if (value.equals(wanted)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isLeadingOnly(String key) {
    return switch (key) {
      case "MaxConnections",
          "InitialR2T",
          "ImmediateData",
          "MaxBurstLength",
          "FirstBurstLength",
          "DefaultTime2Wait",
          "DefaultTime2Retain",
          "MaxOutstandingR2T",
          "DataPDUInOrder",
          "DataSequenceInOrder",
          "ErrorRecoveryLevel",
          "iSCSIProtocolLevel",
          "TaskReporting" ->
          true;
      default -> false;
    };
  }

  private static boolean meansNothingInDiscovery(String key) {
    return switch (key) {
      case "MaxConnections",
          "InitialR2T",
          "ImmediateData",
          "MaxBurstLength",
          "FirstBurstLength",
          "MaxOutstandingR2T",
          "DataPDUInOrder",
          "DataSequenceInOrder",
          "TaskReporting" ->
          true;
      default -> false;
    };
  }

  /** The first of the initiator's list, in its order of preference, that is agreeable. */
  private static Optional<String> digest(String list, SessionSettings.DigestPolicy policy) {
    for (String value : list.split(",", -1)) {
      if (policy.accepts(value)) {
        return Optional.of(value);
      }
    }
    return Optional.empty();
  }

  private static int function(
      String value, int from, int to, int ours, IntBinaryOperator function) {
    int theirs = parse(value, from, to);
    return theirs < 0 ? -1 : function.applyAsInt(theirs, ours);
  }

  private static int least(String value, int from, int to, int ours, int otherwise) {
    int least = function(value, from, to, ours, Math::min);
    return least < 0 ? otherwise : least;
  }

  private static Optional<String> result(String value, int from, int to, int result) {
    return Optional.of(parse(value, from, to) < 0 ? REJECT : Integer.toString(result));
  }

  private static boolean isBoolean(String value) {
    return value.equals("Yes") || value.equals("No");
  }

  private static boolean yes(String value) {
    return value.equals("Yes");
  }

  private static Optional<String> bool(boolean value) {
    return Optional.of(value ? "Yes" : "No");
  }
}
