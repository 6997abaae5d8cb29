package io.moongate.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The ends of all histories, one as JSON on each line. */
final class HeadsFile {
  private static final ObjectMapper JSON = new ObjectMapper();

  private HeadsFile() {}

  static String line(ChainCheck.Head head) {
    ObjectNode json = JSON.createObjectNode();
    json.put("entity", head.persistenceId());
    json.put("version", head.version());
    json.put("digest", head.digest());
    return json.toString();
  }

  /**
   * Reads a file of them.
   *
   * @throws IllegalArgumentException when a line is none
   */
  static Map<String, ChainCheck.Head> read(Path file) throws IOException {
    Map<String, ChainCheck.Head> heads = new HashMap<>();
    List<String> lines = Files.readAllLines(file);
    for (int at = 0; at < lines.size(); at++) {
      if (!lines.get(at).isBlank()) {
        ChainCheck.Head head = head(file, at + 1, lines.get(at));
        heads.put(head.persistenceId(), head);
      }
    }
    return heads;
  }

  private static ChainCheck.Head head(Path file, int number, String line) {
    try {
      JsonNode json = JSON.readTree(line);
      if (json.path("entity").isTextual()
          && json.path("version").isIntegralNumber()
          && json.path("digest").isTextual()) {
        return new ChainCheck.Head(
            json.path("entity").textValue(),
            json.path("version").longValue(),
            json.path("digest").textValue());
      }
    } catch (JsonProcessingException e) {
      // As any line that is none.
    }
    throw new IllegalArgumentException(
        "%s, line %d: not {\"entity\": ..., \"version\": ..., \"digest\": ...} as `moongate audit"
                .formatted(file, number)
            + " heads` prints it");
  }
}
