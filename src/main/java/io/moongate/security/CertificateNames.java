package io.moongate.security;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * The names in a certificate that the users file may give a role: {@code cn=NAME} of the subject,
 * {@code dns=NAME}, {@code email=ADDRESS} and {@code uri=URI} of its alternative names (RFC 5280
 * section 4.2.1.6).
 */
public final class CertificateNames {
  private static final int EMAIL = 1;
  private static final int DNS = 2;
  private static final int URI = 6;

  private CertificateNames() {}

  /** All of them; none when the certificate has none that can be read. */
  public static Set<String> of(X509Certificate certificate) {
    Set<String> names = new TreeSet<>();
    try {
      for (Rdn rdn : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
        if (rdn.getType().equalsIgnoreCase("CN") && rdn.getValue() instanceof String name) {
          names.add("cn=" + name);
        }
      }
      Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
      if (alternatives != null) {
        alternatives.forEach(alternative -> add(names, alternative));
      }
    } catch (InvalidNameException | CertificateParsingException unreadable) {
      return Set.of();
    }
    return names;
  }

  private static void add(Set<String> names, List<?> alternative) {
    if (alternative.get(0) instanceof Integer kind && alternative.get(1) instanceof String name) {
      switch (kind) {
        case EMAIL -> names.add("email=" + name);
        case DNS -> names.add("dns=" + name);
        case URI -> names.add("uri=" + name);
        default -> {
          // Addresses and the like are names of hosts, not of users.
        }
      }
    }
  }
}
