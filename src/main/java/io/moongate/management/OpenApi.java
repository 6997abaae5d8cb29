package io.moongate.management;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The OpenAPI document of the API, {@code openapi.json} beside this class. It is what is served at
 * {@code /api/v1/openapi.json}, and the register of the routes: what is not in it is not answered.
 */
final class OpenApi {
  private static final String RESOURCE = "openapi.json";
  private static final Set<String> METHODS = Set.of("get", "put", "post", "delete");

  /** The document that is served. */
  static final OpenApi SERVED = read();

  /**
   * What may be asked by a method of a path.
   *
   * @param role the least one that may ask, as {@code x-required-role} names it
   * @param open whether anybody may ask all the same
   */
  record Operation(String method, String path, String role, boolean open) {}

  private final JsonNode document;
  private final List<Operation> operations = new ArrayList<>();

  private OpenApi(JsonNode document) {
    this.document = document;
    document
        .get("paths")
        .properties()
        .forEach(
            path ->
                path.getValue().properties().stream()
                    .filter(operation -> METHODS.contains(operation.getKey()))
                    .forEach(
                        operation ->
                            operations.add(
                                operation(
                                    operation.getKey(), path.getKey(), operation.getValue()))));
  }

  private static Operation operation(String method, String path, JsonNode described) {
    JsonNode security = described.path("security");
    return new Operation(
        method.toUpperCase(Locale.ROOT),
        path,
        described.path("x-required-role").asText(),
        security.isArray() && security.isEmpty());
  }

  private static OpenApi read() {
    try (InputStream file = OpenApi.class.getResourceAsStream(RESOURCE)) {
      if (file == null) {
        throw new IllegalStateException("no " + RESOURCE + " beside " + OpenApi.class);
      }
      return new OpenApi(JsonMapper.builder().build().readTree(file));
    } catch (IOException e) {
      throw new UncheckedIOException(RESOURCE, e);
    }
  }

  /** The document. */
  JsonNode document() {
    return document;
  }

  /** Everything that may be asked. */
  List<Operation> operations() {
    return List.copyOf(operations);
  }
}
