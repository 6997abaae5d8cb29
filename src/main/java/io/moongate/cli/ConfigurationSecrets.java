package io.moongate.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.security.SecretFile;
import java.nio.file.Path;
import java.util.Optional;

/**
 * CHAP secrets for what an exported configuration names the users of: a JSON object by target, each
 * with {@code chap}, {@code mutualChap}, and {@code initiators} by name.
 */
final class ConfigurationSecrets {
  /** For those of some thousand hosts. */
  private static final int MOST = 4 << 20;

  static final ConfigurationSecrets NONE = new ConfigurationSecrets(new ObjectMapper().nullNode());

  private final JsonNode targets;

  private ConfigurationSecrets(JsonNode targets) {
    this.targets = targets;
  }

  /**
   * Reads them.
   *
   * @throws ApiException when others can read the file, or it is not such an object
   */
  static ConfigurationSecrets read(Path file) {
    try {
      JsonNode read = new ObjectMapper().readTree(SecretFile.read(file, MOST));
      if (!read.isObject()) {
        throw ApiException.refused(file + ": expected a JSON object with a target's name as key");
      }
      return new ConfigurationSecrets(read);
    } catch (JsonProcessingException e) {
      // Without what the parser says: that quotes the text.
      throw ApiException.refused(
          "%s is not JSON: line %d".formatted(file, e.getLocation().getLineNr()));
    } catch (IllegalArgumentException e) {
      throw ApiException.refused(e.getMessage());
    }
  }

  /** What initiators without credentials of their own give. */
  Optional<String> chap(String target) {
    return text(targets.path(target).path("chap"));
  }

  /** What the target gives. */
  Optional<String> mutualChap(String target) {
    return text(targets.path(target).path("mutualChap"));
  }

  /** What one initiator gives. */
  Optional<String> initiator(String target, String initiator) {
    return text(targets.path(target).path("initiators").path(initiator));
  }

  private static Optional<String> text(JsonNode node) {
    return node.isTextual() ? Optional.of(node.textValue()) : Optional.empty();
  }
}
