package io.moongate.session;

import io.moongate.wire.LoginStatus;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Names of initiators and targets in a login (RFC 7143 section 4.2.7). */
final class IscsiName {
  /** The greatest length of a name in bytes (section 6.1). */
  private static final int MAX_LENGTH = 223;

  /** The greatest length of an alias in characters (section 13.7). */
  private static final int MAX_ALIAS = 255;

  private IscsiName() {}

  /**
   * A name in the form in which names are compared: case does not matter.
   *
   * @param key under which it came
   * @param value null when it did not
   */
  static String of(String key, String value) throws LoginRefused {
    if (value == null || value.isEmpty()) {
      throw new LoginRefused(LoginStatus.MISSING_PARAMETER, key + " is missing");
    }
    String name = value.toLowerCase(Locale.ROOT);
    boolean clean = name.codePoints().allMatch(IscsiName::fits);
    if (!clean || name.getBytes(StandardCharsets.UTF_8).length > MAX_LENGTH) {
      throw new LoginRefused(LoginStatus.INITIATOR_ERROR, key + " is not an iSCSI name");
    }
    return name;
  }

  /** A comma would end the name in a TransportID and in lists; the rest can't be shown. */
  private static boolean fits(int c) {
    return LoginRefused.printable(c)
        && c != ','
        && Character.getType(c) != Character.SPACE_SEPARATOR;
  }

  /** An alias for people, as a screen can take it. */
  static String shown(String alias) {
    return alias
        .codePoints()
        .filter(LoginRefused::printable)
        .limit(MAX_ALIAS)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }
}
