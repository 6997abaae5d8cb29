package io.moongate.management;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * The OpenAPI document of the API, {@code openapi.json} beside this class. It is what is served at
 * {@code /api/v1/openapi.json}, and the register of the routes: what is not in it is not answered.
 */
final class OpenApi {
  private static final String RESOURCE = "openapi.json";
  private static final String BASE = "/api/v1";
  private static final Set<String> METHODS = Set.of("get", "put", "post", "delete");

  /** The document that is served. */
  static final OpenApi SERVED = read();

  /**
   * What may be asked by a method of a path.
   *
   * @param role the least one that may ask, as {@code x-required-role} names it
   */
  record Operation(String method, String path, String role) {}

  private record Template(List<String> segments, Map<String, Operation> operations) {
    boolean matches(List<String> path) {
      if (path.size() != segments.size()) {
        return false;
      }
      for (int i = 0; i < path.size(); i++) {
        boolean parameter = segments.get(i).startsWith("{");
        if (parameter ? path.get(i).isEmpty() : !segments.get(i).equals(path.get(i))) {
          return false;
        }
      }
      return true;
    }
  }

  private final JsonNode document;
  private final List<Template> templates = new ArrayList<>();

  private OpenApi(JsonNode document) {
    this.document = document;
    document
        .get("paths")
        .properties()
        .forEach(
            path -> {
              Map<String, Operation> operations = new LinkedHashMap<>();
              path.getValue()
                  .properties()
                  .forEach(
                      operation -> {
                        if (METHODS.contains(operation.getKey())) {
                          String method = operation.getKey().toUpperCase(Locale.ROOT);
                          String role = operation.getValue().path("x-required-role").asText();
                          operations.put(method, new Operation(method, path.getKey(), role));
                        }
                      });
              templates.add(new Template(segments(path.getKey()), operations));
            });
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
    return templates.stream().flatMap(each -> each.operations().values().stream()).toList();
  }

  /** What a request asks, HEAD being GET; empty when it is not in the document. */
  Optional<Operation> operation(HttpRequest request) {
    return template(request).map(found -> found.operations().get(method(request.method().value())));
  }

  /** The methods of a request's path; empty when there is no such path. */
  Set<String> methods(HttpRequest request) {
    Set<String> methods =
        template(request)
            .map(found -> new LinkedHashSet<>(found.operations().keySet()))
            .orElseGet(LinkedHashSet::new);
    if (methods.contains("GET")) {
      methods.add("HEAD");
    }
    return methods;
  }

  private Optional<Template> template(HttpRequest request) {
    List<String> path = new ArrayList<>();
    request.getUri().pathSegments().forEach(path::add);
    int base = segments(BASE).size();
    if (path.size() < base || !path.subList(0, base).equals(segments(BASE))) {
      return Optional.empty();
    }
    List<String> below = path.subList(base, path.size());
    if (!below.isEmpty() && below.get(below.size() - 1).isEmpty()) {
      below = below.subList(0, below.size() - 1); // A slash at the end means nothing.
    }
    List<String> asked = below;
    return templates.stream().filter(each -> each.matches(asked)).findFirst();
  }

  private static String method(String name) {
    return name.equals("HEAD") ? "GET" : name;
  }

  private static List<String> segments(String path) {
    return List.of(path.substring(1).split("/"));
  }
}
