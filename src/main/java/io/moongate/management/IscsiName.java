package io.moongate.management;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The syntax of iSCSI names (RFC 7143 section 4.2.7, RFC 3722, RFC 3980). Only names in ASCII are
 * taken: of those the normal form of RFC 3722 is just lower case, so two names are the same exactly
 * when their bytes are.
 */
final class IscsiName {
  /** Bytes of UTF-8 (RFC 7143 section 4.2.7.1). */
  static final int MAX_BYTES = 223;

  private static final Pattern CHARACTERS = Pattern.compile("[-.:a-z0-9]+");
  private static final String LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
  private static final Pattern IQN =
      Pattern.compile(
          "iqn\\.(\\d{4})-(0[1-9]|1[0-2])\\." + LABEL + "(?:\\." + LABEL + ")*(?::[-.:a-z0-9]+)?");
  private static final Pattern EUI = Pattern.compile("eui\\.[0-9a-f]{16}");
  private static final Pattern NAA = Pattern.compile("naa\\.(?:[235][0-9a-f]{15}|6[0-9a-f]{31})");

  private IscsiName() {}

  /** What is wrong with a name; empty when it is right. */
  static Optional<String> fault(String name) {
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_BYTES) {
      return Optional.of("has " + bytes + " bytes; at most " + MAX_BYTES + " are allowed");
    }
    Matcher characters = CHARACTERS.matcher(name);
    if (!characters.matches()) {
      return Optional.of(
          "may hold only lower-case ASCII letters, digits, '-', '.' and ':' (RFC 3722)");
    }
    if (name.startsWith("iqn.")) {
      return fault(
          IQN, name, "must be iqn.YYYY-MM.REVERSED.DOMAIN with, after a colon, a name of yours");
    } else if (name.startsWith("eui.")) {
      return fault(EUI, name, "must be eui. and 16 hexadecimal digits");
    } else if (name.startsWith("naa.")) {
      return fault(
          NAA, name, "must be naa. and 16 hexadecimal digits, or 32 when they begin with 6");
    }
    return Optional.of("must begin with iqn., eui. or naa. (RFC 7143 section 4.2.7)");
  }

  private static Optional<String> fault(Pattern pattern, String name, String message) {
    return pattern.matcher(name).matches() ? Optional.empty() : Optional.of(message);
  }
}
