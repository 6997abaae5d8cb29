package io.moongate.management;

import io.moongate.security.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who may do what: every resource with its methods and the role that each needs, as the API's
 * document says ({@link OpenApi}), and what is beside the API. What does not stand here is not
 * reached, whatever routes there are.
 */
final class Permissions {
  private static final String BASE = "/api/v1";

  /** A part of a pattern that stands for any segment. */
  private static final String ANY = "{";

  /** What a method of a resource needs. */
  enum Need {
    /** Nothing: whoever reaches the API may. */
    NOBODY(null),
    VIEWER(Role.VIEWER),
    OPERATOR(Role.OPERATOR),
    ADMIN(Role.ADMIN);

    private final Role role;

    Need(Role role) {
      this.role = role;
    }

    String inWords() {
      return role == null ? "none" : role.inWords();
    }

    boolean metBy(Role given) {
      return role == null || given.includes(role);
    }
  }

  /**
   * A resource.
   *
   * @param pattern path, with segments in braces that stand for any
   * @param needs by method
   * @param parts the segments of the pattern
   */
  record Resource(String pattern, Map<String, Need> needs, List<String> parts) {
    Resource(String pattern, Map<String, Need> needs) {
      this(pattern, needs, segments(pattern));
    }

    /** What a method needs; empty when the resource does not know it. */
    Optional<Need> need(String method) {
      return Optional.ofNullable(needs.get(method.equals("HEAD") ? "GET" : method));
    }

    private boolean matches(List<String> path) {
      if (parts.size() != path.size()) {
        return false;
      }
      for (int i = 0; i < parts.size(); i++) {
        boolean any = parts.get(i).startsWith(ANY);
        if (any ? path.get(i).isEmpty() : !parts.get(i).equals(path.get(i))) {
          return false;
        }
      }
      return true;
    }

    /** The methods that it has; HEAD with GET. */
    Set<String> methods() {
      Set<String> methods = new TreeSet<>(needs.keySet());
      if (methods.contains("GET")) {
        methods.add("HEAD");
      }
      return methods;
    }
  }

  /** What is beside the API that its document describes. */
  private static final List<Resource> BESIDE =
      List.of(
          // Pages have no secrets: what they show they ask the API for.
          new Resource("/", Map.of("GET", Need.NOBODY)),
          new Resource("/console", Map.of("GET", Need.NOBODY)),
          new Resource("/console/{file}", Map.of("GET", Need.NOBODY)),
          new Resource("/metrics", Map.of("GET", Need.VIEWER)),
          new Resource("/health", Map.of("GET", Need.VIEWER)),
          new Resource("/health/live", Map.of("GET", Need.NOBODY)),
          new Resource("/health/ready", Map.of("GET", Need.NOBODY)));

  private static final List<Resource> RESOURCES = resources();

  private Permissions() {}

  private static List<Resource> resources() {
    Map<String, Map<String, Need>> documented = new LinkedHashMap<>();
    for (OpenApi.Operation operation : OpenApi.SERVED.operations()) {
      documented
          .computeIfAbsent(BASE + operation.path(), path -> new TreeMap<>())
          .put(operation.method(), need(operation));
    }
    List<Resource> all = new ArrayList<>(BESIDE);
    documented.forEach((path, needs) -> all.add(new Resource(path, Map.copyOf(needs))));
    return List.copyOf(all);
  }

  private static Need need(OpenApi.Operation operation) {
    return operation.open() ? Need.NOBODY : Need.valueOf(operation.role().toUpperCase(Locale.ROOT));
  }

  /** All of them. */
  static List<Resource> all() {
    return RESOURCES;
  }

  /**
   * The resource at a path.
   *
   * @param path its segments, decoded
   */
  static Optional<Resource> at(Iterable<String> path) {
    List<String> segments = new ArrayList<>();
    path.forEach(segments::add);
    if (!segments.isEmpty() && segments.get(segments.size() - 1).isEmpty()) {
      segments.remove(segments.size() - 1); // A slash at the end means nothing.
    }
    return RESOURCES.stream().filter(resource -> resource.matches(segments)).findFirst();
  }

  private static List<String> segments(String pattern) {
    return Arrays.stream(pattern.split("/", -1)).filter(part -> !part.isEmpty()).toList();
  }
}
