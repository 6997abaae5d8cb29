package io.moongate.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/** How far an export has come, kept so that it can go on from there. */
final class ResumeFile {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;

  ResumeFile(Path file) {
    this.file = file;
  }

  /**
   * A point to go on from.
   *
   * @param token of the last entity that is written as a whole
   * @param bytes of the output up to there
   */
  record Point(String format, long token, long bytes) {}

  /**
   * Where to go on; empty at the beginning.
   *
   * @throws IllegalArgumentException when the file is there and is none
   */
  Optional<Point> read() throws IOException {
    if (Files.notExists(file)) {
      return Optional.empty();
    }
    JsonNode json = JSON.readTree(Files.readAllBytes(file));
    if (json == null
        || !json.path("token").isIntegralNumber()
        || !json.path("bytes").isIntegralNumber()) {
      throw new IllegalArgumentException(file + " is not what an export leaves to go on from");
    }
    return Optional.of(
        new Point(
            json.path("format").asText(),
            json.path("token").longValue(),
            json.path("bytes").longValue()));
  }

  void write(Point point) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".next");
    Files.write(
        next,
        JSON.writeValueAsBytes(
            JSON.createObjectNode()
                .put("format", point.format())
                .put("token", point.token())
                .put("bytes", point.bytes())));
    Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Forgets it: everything is written. */
  void done() throws IOException {
    Files.deleteIfExists(file);
  }
}
