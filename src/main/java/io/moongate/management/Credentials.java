package io.moongate.management;

import io.moongate.security.CertificateNames;
import io.moongate.security.Users;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.StreamSupport;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.SslSessionInfo;

/**
 * What a request shows of who sends it: a bearer token (RFC 6750), or the certificate of its
 * connection. A token decides where both are there. No cookies and no passwords: a browser sends
 * those by itself.
 */
sealed interface Credentials {
  /** What becomes of a request without any. */
  Users.Attempt NONE = Users.Attempt.refused("no credentials");

  /** Whom they let in. */
  Users.Attempt attempt(Users users, Instant now);

  /** None. */
  record Absent() implements Credentials {
    @Override
    public Users.Attempt attempt(Users users, Instant now) {
      return NONE;
    }
  }

  /**
   * Some that can't be read.
   *
   * @param why never quotes them
   */
  record Unreadable(String why) implements Credentials {
    @Override
    public Users.Attempt attempt(Users users, Instant now) {
      return Users.Attempt.refused(why);
    }
  }

  /** A token. It is in no text that is made of this. */
  record Bearer(String token) implements Credentials {
    @Override
    public Users.Attempt attempt(Users users, Instant now) {
      return users.byToken(token, now);
    }

    @Override
    public String toString() {
      return "Bearer[]";
    }
  }

  /** A certificate that was verified when the connection was made. */
  record Verified(X509Certificate certificate) implements Credentials {
    @Override
    public Users.Attempt attempt(Users users, Instant now) {
      Set<String> names = CertificateNames.of(certificate);
      // The connection may have been made while it was valid.
      return now.isAfter(certificate.getNotAfter().toInstant())
          ? Users.Attempt.refused("the certificate has expired")
          : users.byCertificate(names, now);
    }
  }

  /** Those of a request. */
  static Credentials of(HttpRequest request) {
    List<HttpHeader> headers =
        StreamSupport.stream(request.getHeaders().spliterator(), false)
            .filter(header -> header.is("authorization"))
            .toList();
    if (headers.size() > 1) {
      return new Unreadable("there are several headers Authorization");
    } else if (headers.size() == 1) {
      return bearer(headers.get(0).value());
    }
    return certificate(request).<Credentials>map(Verified::new).orElseGet(Absent::new);
  }

  private static Credentials bearer(String value) {
    String scheme = "Bearer ";
    String token = value.length() > scheme.length() ? value.substring(scheme.length()).strip() : "";
    return value.regionMatches(true, 0, scheme, 0, scheme.length()) && !token.isEmpty()
        ? new Bearer(token)
        : new Unreadable("the header Authorization must be Bearer TOKEN");
  }

  private static Optional<X509Certificate> certificate(HttpRequest request) {
    return request
        .getAttribute(AttributeKeys.sslSession)
        .map(SslSessionInfo::getSession)
        .flatMap(Credentials::certificate);
  }

  private static Optional<X509Certificate> certificate(SSLSession session) {
    try {
      Certificate[] chain = session.getPeerCertificates();
      return chain.length > 0 && chain[0] instanceof X509Certificate certificate
          ? Optional.of(certificate)
          : Optional.empty();
    } catch (SSLPeerUnverifiedException none) {
      return Optional.empty();
    }
  }
}
