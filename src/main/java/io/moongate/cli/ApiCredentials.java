package io.moongate.cli;

import io.moongate.security.SecretFile;
import io.moongate.security.Tls;
import io.moongate.security.TlsFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/**
 * How the command line shows a gateway who asks, and knows that it is one. A token is never an
 * argument: every user of the host could read it in the list of processes.
 */
final class ApiCredentials {
  private static final Pattern TOKEN_FORM = Pattern.compile("[A-Za-z0-9._~+/=-]+");
  private static final String TOKEN = "MOONGATE_TOKEN";
  private static final String TOKEN_FILE = "MOONGATE_TOKEN_FILE";
  private static final String CA = "MOONGATE_CA";

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description =
          "File with your token, mode 0600. Default: MOONGATE_TOKEN_FILE, or the token itself in"
              + " MOONGATE_TOKEN, or else moongate/token in your configuration directory.")
  private Path tokenFile;

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      description =
          "Authorities (PEM) of the gateways' certificates. Default: MOONGATE_CA, or else those that"
              + " Java trusts.")
  private Path ca;

  @Option(
      names = "--cert",
      paramLabel = "FILE",
      description = "Your client certificate (PEM), instead of a token.")
  private Path certificate;

  @Option(
      names = "--cert-key",
      paramLabel = "FILE",
      description = "Its key (PKCS#8 in PEM), mode 0600.")
  private Path key;

  /** These options, and of those that are not given here the others'. */
  ApiCredentials orElse(ApiCredentials others) {
    ApiCredentials merged = new ApiCredentials();
    merged.tokenFile = tokenFile == null ? others.tokenFile : tokenFile;
    merged.ca = ca == null ? others.ca : ca;
    merged.certificate = certificate == null ? others.certificate : certificate;
    merged.key = key == null ? others.key : key;
    return merged;
  }

  /**
   * The token to send; empty when there is none, or a certificate is shown instead.
   *
   * @throws TypeConversionException when a file can't be read
   */
  Optional<String> token(Map<String, String> environment) {
    Optional<String> given = given(environment);
    if (given.filter(token -> !TOKEN_FORM.matcher(token).matches()).isPresent()) {
      // Not shown: it may be one all the same.
      throw new TypeConversionException(
          "what is given as a token is none: expected one line of letters, digits and ._~+/=-");
    }
    return given;
  }

  private Optional<String> given(Map<String, String> environment) {
    if (tokenFile != null) {
      return Optional.of(read(tokenFile));
    } else if (certificate != null) {
      return Optional.empty();
    } else if (isSet(environment, TOKEN_FILE)) {
      return Optional.of(read(Path.of(environment.get(TOKEN_FILE))));
    } else if (isSet(environment, TOKEN)) {
      return Optional.of(environment.get(TOKEN).strip());
    }
    Path file = standard(environment);
    return Files.exists(file) ? Optional.of(read(file)) : Optional.empty();
  }

  /**
   * What connections are protected by; empty when no file is named for it.
   *
   * @throws TypeConversionException when one has a mistake
   */
  Optional<SSLContext> tls(Map<String, String> environment) {
    Path authorities = ca == null && isSet(environment, CA) ? Path.of(environment.get(CA)) : ca;
    if (authorities == null && certificate == null && key == null) {
      return Optional.empty();
    }
    if ((certificate == null) != (key == null)) {
      throw new TypeConversionException("--cert and --cert-key go together");
    }
    try {
      return Optional.of(
          Tls.of(
                  new TlsFiles(
                      "--ca, --cert, --cert-key",
                      Optional.ofNullable(certificate),
                      Optional.ofNullable(key),
                      Optional.ofNullable(authorities)))
              .context());
    } catch (IllegalArgumentException mistake) {
      throw new TypeConversionException(mistake.getMessage());
    }
  }

  /** {@code $XDG_CONFIG_HOME/moongate/token}, or the same under {@code ~/.config}. */
  private static Path standard(Map<String, String> environment) {
    Path base =
        isSet(environment, "XDG_CONFIG_HOME")
            ? Path.of(environment.get("XDG_CONFIG_HOME"))
            : Path.of(System.getProperty("user.home"), ".config");
    return base.resolve("moongate").resolve("token");
  }

  private static boolean isSet(Map<String, String> environment, String name) {
    return !environment.getOrDefault(name, "").isBlank();
  }

  private static String read(Path file) {
    try {
      return SecretFile.read(file).strip();
    } catch (IllegalArgumentException mistake) {
      throw new TypeConversionException(mistake.getMessage());
    }
  }
}
