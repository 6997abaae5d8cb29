package io.moongate.security;

import io.moongate.security.Users.CertificateProof;
import io.moongate.security.Users.Credential;
import io.moongate.security.Users.Proof;
import io.moongate.security.Users.TokenProof;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The file with the users of the API, mode 0600. A line for each token and each certificate:
 *
 * <pre>
 * # user  role      by                       until
 * alice   admin     sha256:3f79bb7b435b...   expires=2027-06-30T00:00:00Z
 * carol   operator  cn=carol.example.com
 * </pre>
 *
 * <p>{@code sha256:} is followed by the digest of a token in 64 hexadecimal digits, never by a
 * token; {@code cn=}, {@code dns=}, {@code email=} and {@code uri=} by a name in a client
 * certificate. A user may have several lines, all of the same role. What follows {@code #} at the
 * beginning of a line is a comment.
 */
public final class UsersFile {
  /** The longest that is read. */
  private static final int MAX_BYTES = 1 << 20;

  private static final Set<StandardOpenOption> CREATE =
      EnumSet.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  private static final FileAttribute<?> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final String DIGEST = "sha256:";
  private static final int SHOWN_DIGITS = 12;
  private static final String EXPIRES = "expires=";
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@-]{0,63}");
  private static final Pattern CERTIFICATE = Pattern.compile("(cn|dns|email|uri)=\\S{1,255}");
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");
  private static final String HEADER =
      """
      # Users of Moongate's HTTP API, one token or certificate a line (docs/security.md):
      # user  role (%s)  sha256:DIGEST | cn=NAME | dns=NAME | email=ADDRESS | uri=URI  [expires=TIME]
      """
          .formatted(Role.names());

  private UsersFile() {}

  /**
   * What a line lets in.
   *
   * @param by {@code sha256:} with the first twelve digits of a token's digest, by which the line
   *     is told from others; or a name in a client certificate
   * @param expires from when on it lets nobody in
   */
  public record Entry(User user, String by, Optional<Instant> expires) {}

  /**
   * Reads it.
   *
   * @throws IllegalArgumentException names the file, the line, and what was expected
   */
  public static Users read(Path file) {
    return new Users(lines(file).stream().map(Line::credential).flatMap(Optional::stream).toList());
  }

  /**
   * What stands in it, in its order.
   *
   * @throws IllegalArgumentException names the file, the line, and what was expected
   */
  public static List<Entry> entries(Path file) {
    return lines(file).stream()
        .map(Line::credential)
        .flatMap(Optional::stream)
        .map(UsersFile::entry)
        .toList();
  }

  /**
   * Takes lines of a user out of it; what else stands there stays as it is.
   *
   * @param by which of them, as {@link Entry#by} has it; empty: all, also those of certificates
   * @return those that were taken out
   * @throws IllegalArgumentException when there is none, or the file has a mistake
   * @throws IOException when it can't be written
   */
  public static List<Entry> revoke(Path file, String user, Optional<String> by) throws IOException {
    lines(file); // A file that is not there needs no lock beside it.
    return locked(
        file,
        () -> {
          List<Entry> out = new ArrayList<>();
          StringBuilder left = new StringBuilder();
          for (Line line : lines(file)) {
            Optional<Entry> revoked =
                line.credential()
                    .map(UsersFile::entry)
                    .filter(entry -> entry.user().name().equals(user))
                    .filter(entry -> by.isEmpty() || by.get().equals(entry.by()));
            revoked.ifPresentOrElse(out::add, () -> left.append(line.text()));
          }
          if (out.isEmpty()) {
            throw new IllegalArgumentException(
                "%s has no %s of the user \"%s\""
                    .formatted(file, by.orElse("token or certificate"), user));
          }
          SecretFile.write(file, left.toString());
          return out;
        });
  }

  /**
   * A line with its end.
   *
   * @param credential empty for a comment
   */
  private record Line(String text, Optional<Credential> credential) {}

  private static List<Line> lines(Path file) {
    List<Line> lines = new ArrayList<>();
    Map<String, Role> roles = new HashMap<>();
    for (String text : (SecretFile.read(file, MAX_BYTES) + "\n").split("(?<=\n)", 0)) {
      String entry = text.strip();
      Optional<Credential> credential = Optional.empty();
      if (!entry.isEmpty() && !entry.startsWith("#")) {
        try {
          credential = Optional.of(credential(entry));
          requireSameRole(roles, credential.get().user());
        } catch (IllegalArgumentException wrong) {
          throw new IllegalArgumentException(
              "%s, line %d: %s".formatted(file, lines.size() + 1, wrong.getMessage()), wrong);
        }
      }
      lines.add(new Line(text, credential));
    }
    return lines;
  }

  private static Entry entry(Credential credential) {
    String by =
        credential.proof() instanceof CertificateProof certificate
            ? certificate.name()
            : DIGEST
                + HexFormat.of()
                    .formatHex(((TokenProof) credential.proof()).digest())
                    .substring(0, SHOWN_DIGITS);
    return new Entry(credential.user(), by, credential.expires());
  }

  private interface Edit<T> {
    T make() throws IOException;
  }

  /** Two commands at once: neither may lose what the other has changed. */
  private static synchronized <T> T locked(Path file, Edit<T> edit) throws IOException {
    Path lock = file.resolveSibling(file.getFileName() + ".lock");
    try (FileChannel channel = FileChannel.open(lock, CREATE, PRIVATE)) {
      channel.lock();
      return edit.make();
    }
  }

  /**
   * Adds a token's digest, and makes the file if it is not there.
   *
   * @param expires from when on the token lets nobody in
   * @throws IllegalArgumentException when the name can't be one, the user has another role, or the
   *     file has a mistake
   * @throws IOException when it can't be written
   */
  public static void add(Path file, User user, String token, Optional<Instant> expires)
      throws IOException {
    requireName(user.name());
    String line =
        "%s %s %s%s%s"
            .formatted(
                user.name(),
                user.role().inWords(),
                DIGEST,
                HexFormat.of().formatHex(Tokens.digest(token)),
                expires.map(at -> " " + EXPIRES + at).orElse(""));
    locked(
        file,
        () -> {
          StringBuilder text = new StringBuilder();
          if (Files.exists(file)) {
            Map<String, Role> roles = new HashMap<>();
            for (Line before : lines(file)) {
              before.credential().ifPresent(known -> requireSameRole(roles, known.user()));
              text.append(before.text());
            }
            requireSameRole(roles, user);
          } else {
            text.append(HEADER);
          }
          SecretFile.write(file, text + line + "\n");
          return null;
        });
  }

  private static Credential credential(String entry) {
    String[] words = entry.split("\\s+", -1);
    if (words.length < 3 || words.length > 4) {
      throw new IllegalArgumentException(
          "found %d words, expected USER ROLE %sDIGEST or a name in a certificate, and maybe %sTIME"
              .formatted(words.length, DIGEST, EXPIRES));
    }
    requireName(words[0]);
    Role role =
        Role.of(words[1])
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "there is no role \"%s\", expected one of: %s"
                            .formatted(words[1], Role.names())));
    return new Credential(
        new User(words[0], role),
        proof(words[2]),
        words.length == 4 ? Optional.of(expiry(words[3])) : Optional.empty());
  }

  private static Proof proof(String word) {
    if (word.startsWith(DIGEST) && HEX.matcher(word.substring(DIGEST.length())).matches()) {
      return new TokenProof(HexFormat.of().parseHex(word.substring(DIGEST.length())));
    } else if (CERTIFICATE.matcher(word).matches()) {
      return new CertificateProof(word);
    }
    // Not quoted: somebody may have put a token here.
    throw new IllegalArgumentException(
        "the third word is neither "
            + DIGEST
            + " with 64 hexadecimal digits in lower case nor cn=, dns=, email= or uri= with a name;"
            + " to add a token: moongate token create");
  }

  private static Instant expiry(String word) {
    try {
      if (word.startsWith(EXPIRES)) {
        return Instant.parse(word.substring(EXPIRES.length()));
      }
    } catch (DateTimeException wrong) {
      // Said below.
    }
    throw new IllegalArgumentException(
        "the fourth word must be %s with a time in UTC, as %s2027-06-30T00:00:00Z"
            .formatted(EXPIRES, EXPIRES));
  }

  private static void requireName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "\"%s\" is no name of a user, expected 1 to 64 letters, digits and . _ @ -"
              .formatted(name.length() > 64 ? name.substring(0, 64) + "…" : name));
    }
  }

  private static void requireSameRole(Map<String, Role> roles, User user) {
    Role before = roles.putIfAbsent(user.name(), user.role());
    if (before != null && before != user.role()) {
      throw new IllegalArgumentException(
          "%s is %s already, and %s here: a user has one role"
              .formatted(user.name(), before.inWords(), user.role().inWords()));
    }
  }
}
