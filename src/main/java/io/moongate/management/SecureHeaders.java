package io.moongate.management;

import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/**
 * Headers that keep a browser from doing with an answer what it is not for. One that an answer has
 * already, such as the policy of a page, stays as it is.
 */
final class SecureHeaders {
  private static final List<HttpHeader> ALWAYS =
      List.of(
          RawHeader.create("X-Content-Type-Options", "nosniff"),
          RawHeader.create("X-Frame-Options", "DENY"),
          RawHeader.create("Referrer-Policy", "no-referrer"),
          RawHeader.create("Cross-Origin-Resource-Policy", "same-origin"),
          RawHeader.create("Cache-Control", "no-store"),
          RawHeader.create(
              "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"));

  /** Two years, as browsers' lists ask for. */
  private static final HttpHeader STRICT_TRANSPORT =
      RawHeader.create("Strict-Transport-Security", "max-age=63072000");

  private SecureHeaders() {}

  /**
   * Adds them.
   *
   * @param tls whether the connection is encrypted
   */
  static HttpResponse on(HttpResponse response, boolean tls) {
    HttpResponse secured = response;
    for (HttpHeader header : ALWAYS) {
      secured = with(secured, header);
    }
    return tls ? with(secured, STRICT_TRANSPORT) : secured;
  }

  private static HttpResponse with(HttpResponse response, HttpHeader header) {
    return response.getHeader(header.name()).isPresent() ? response : response.addHeader(header);
  }
}
