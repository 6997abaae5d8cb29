package io.moongate.session;

import io.moongate.wire.LoginStatus;
import io.moongate.wire.TextKeys;

/** A login that ends with a status other than success (RFC 7143 section 11.13.5). */
final class LoginRefused extends Exception {
  private static final long serialVersionUID = 1L;
  private static final int MAX_QUOTED = 64;

  private final LoginStatus status;
  private final transient TextKeys text;

  LoginRefused(LoginStatus status, String reason) {
    this(status, reason, TextKeys.none());
  }

  /**
   * @param reason for the gateway's log; never with a secret or a response in it
   * @param text what the response carries: the address of a redirection
   */
  LoginRefused(LoginStatus status, String reason, TextKeys text) {
    // No stack trace: a peer can provoke these at will.
    super(reason, null, false, false);
    this.status = status;
    this.text = text;
  }

  LoginStatus status() {
    return status;
  }

  TextKeys text() {
    return text == null ? TextKeys.none() : text;
  }

  /** What a stranger sent, so that it can stand in a line of a log: short and printable. */
  static String quoted(String value) {
    StringBuilder clean = new StringBuilder("\"");
    int characters = 0;
    for (int at = 0; at < value.length() && characters < MAX_QUOTED; characters++) {
      int c = value.codePointAt(at);
      clean.appendCodePoint(printable(c) && c != '"' ? c : '?');
      at += Character.charCount(c);
    }
    return clean
        .append(characters < value.codePointCount(0, value.length()) ? "…\"" : "\"")
        .toString();
  }

  /** Whether a character can do nothing to a terminal or a log but be seen. */
  static boolean printable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
