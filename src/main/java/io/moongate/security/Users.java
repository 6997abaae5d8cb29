package io.moongate.security;

import java.security.MessageDigest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The users that a gateway knows, and by what it knows them. */
public final class Users {

  /** None: nobody is let in. */
  public static final Users NONE = new Users(List.of());

  /** By what a user is known. */
  sealed interface Proof permits TokenProof, CertificateProof {}

  /** SHA-256 of a token. */
  record TokenProof(byte[] digest) implements Proof {}

  /** A name in a client certificate, as {@link CertificateNames} has it. */
  record CertificateProof(String name) implements Proof {}

  /**
   * One line of the file.
   *
   * @param expires from when on it lets nobody in
   */
  record Credential(User user, Proof proof, Optional<Instant> expires) {
    private boolean expiredAt(Instant now) {
      return expires.isPresent() && !now.isBefore(expires.get());
    }
  }

  /**
   * What became of an attempt.
   *
   * @param user who it is; present with a refusal when who it was is known
   * @param refusal why nobody is let in
   */
  public record Attempt(Optional<User> user, Optional<String> refusal) {
    /** Whether the user is let in. */
    public boolean admitted() {
      return refusal.isEmpty();
    }

    /** An attempt that failed, of somebody who is not known. */
    public static Attempt refused(String why) {
      return new Attempt(Optional.empty(), Optional.of(why));
    }
  }

  private final List<Credential> credentials;

  Users(List<Credential> credentials) {
    this.credentials = List.copyOf(credentials);
  }

  List<Credential> credentials() {
    return credentials;
  }

  /** Whether nobody can be let in. */
  public boolean isEmpty() {
    return credentials.isEmpty();
  }

  /** Lets in who has a token. Every digest is compared, each in the same time. */
  public Attempt byToken(String token, Instant now) {
    byte[] digest = Tokens.digest(token);
    Credential found = null;
    for (Credential credential : credentials) {
      if (credential.proof() instanceof TokenProof proof
          && MessageDigest.isEqual(proof.digest(), digest)) {
        found = credential;
      }
    }
    return attempt(found, now, "the token");
  }

  /** Lets in who has a certificate with one of these names, which was verified. */
  public Attempt byCertificate(Set<String> names, Instant now) {
    Credential found = null;
    for (Credential credential : credentials) {
      if (credential.proof() instanceof CertificateProof proof && names.contains(proof.name())) {
        if (found != null && !found.user().equals(credential.user())) {
          return Attempt.refused("the certificate has the names of several users");
        }
        found = found == null || found.expiredAt(now) ? credential : found;
      }
    }
    return attempt(found, now, "the certificate");
  }

  private static Attempt attempt(Credential found, Instant now, String what) {
    if (found == null) {
      return Attempt.refused(what + " is not known");
    }
    return new Attempt(
        Optional.of(found.user()),
        found.expiredAt(now)
            ? Optional.of(what + " of " + found.user().name() + " has expired")
            : Optional.empty());
  }
}
