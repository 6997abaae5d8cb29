package io.moongate.cli;

import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/**
 * For clients that connect without TLS. Java would read all the authorities that it trusts for each
 * of them, which takes longer than the request.
 */
final class Unencrypted {
  private Unencrypted() {}

  /** A context that trusts nobody. */
  static SSLContext context() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[0], null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
