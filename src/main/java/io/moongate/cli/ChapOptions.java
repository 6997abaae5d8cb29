package io.moongate.cli;

import io.moongate.management.api.SetChap;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * CHAP credentials on the command line. The secret is never an argument: every user of the host
 * could read it in the list of processes, and the shell would keep it.
 */
final class ChapOptions {
  /** Environment variable with a secret. */
  static final String ENVIRONMENT = "MOONGATE_CHAP_SECRET";

  private static final int MAX_FILE_BYTES = 1_024;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--chap-user",
      paramLabel = "USER",
      description =
          "CHAP name. Its secret is read as told below; without any, the one that is set stays.")
  private String user;

  @Option(
      names = "--chap-secret-file",
      paramLabel = "FILE",
      description =
          "File with the CHAP secret, 12 to 255 bytes, in its first line; - for standard input."
              + " Default: the environment variable MOONGATE_CHAP_SECRET, if it is set.")
  private String file;

  /** Whether credentials are given. */
  boolean given() {
    return user != null || file != null;
  }

  /** The credentials; empty when none are given. */
  Optional<SetChap> credentials(BufferedReader in, Map<String, String> environment) {
    if (!given()) {
      return Optional.empty();
    }
    if (user == null) {
      throw new ParameterException(spec.commandLine(), "--chap-secret-file needs --chap-user");
    }
    return Optional.of(new SetChap(user, secret(in, environment)));
  }

  private String secret(BufferedReader in, Map<String, String> environment) {
    if (file == null) {
      return environment.get(ENVIRONMENT);
    }
    try {
      String text = file.equals("-") ? in.readLine() : firstLine(Path.of(file));
      if (text == null || text.isEmpty()) {
        throw new ParameterException(
            spec.commandLine(), "There is no secret in the first line of " + name());
      }
      return text;
    } catch (IOException e) {
      throw new ParameterException(
          spec.commandLine(), "Can't read a secret from " + name() + ": " + reason(e), e);
    }
  }

  private String name() {
    return file.equals("-") ? "standard input" : file;
  }

  private static String firstLine(Path path) throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(path)) {
      bytes = in.readNBytes(MAX_FILE_BYTES + 1);
    }
    if (bytes.length > MAX_FILE_BYTES) {
      throw new IOException("it has more than " + MAX_FILE_BYTES + " bytes");
    }
    // Strictly: what a lenient decoder puts in place of a wrong byte would become the secret.
    String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    return text.lines().findFirst().orElse("");
  }

  private static String reason(IOException e) {
    if (e instanceof CharacterCodingException) {
      return "it is not text in UTF-8";
    }
    return e instanceof java.nio.file.NoSuchFileException
        ? "there is no such file"
        : e.getMessage();
  }
}
