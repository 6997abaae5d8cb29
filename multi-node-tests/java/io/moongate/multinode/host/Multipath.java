package io.moongate.multinode.host;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A multipath map as {@code multipathd} has it.
 *
 * @param name below {@code /dev/mapper}
 * @param device of the kernel, such as {@code dm-0}
 * @param groups of paths, in the order in which they are used
 */
public record Multipath(String name, String device, List<Group> groups) {
  /** The priority that the path checker gives an active/optimized path. */
  public static final int OPTIMIZED = 50;

  /** The same of an active/non-optimized path. */
  public static final int NON_OPTIMIZED = 10;

  /**
   * Paths of one priority.
   *
   * @param active whether it is the one that is used
   */
  public record Group(int priority, boolean active, List<Path> paths) {}

  /**
   * A path.
   *
   * @param device of the kernel, such as {@code sdb}
   * @param gateway whose portal its session is with
   * @param usable to the kernel and to the checker
   */
  public record Path(String device, String gateway, boolean usable) {}

  /**
   * Reads the map of a unit.
   *
   * @param answer of {@code multipathd show maps json}
   * @param ids what the map may be called by: the type of a designator (SPC-4 section 7.8.6.1) and
   *     the designator
   * @param gateways by the devices of the kernel
   * @throws IllegalArgumentException when there is none
   */
  static Multipath of(JsonNode answer, Set<String> ids, Map<String, String> gateways) {
    for (JsonNode map : answer.path("maps")) {
      if (ids.contains(map.path("uuid").asText())) {
        List<Group> groups = new ArrayList<>();
        for (JsonNode group : map.path("path_groups")) {
          groups.add(group(group, gateways));
        }
        return new Multipath(map.path("name").asText(), map.path("sysfs").asText(), groups);
      }
    }
    throw new IllegalArgumentException("no map of %s in %s".formatted(ids, answer));
  }

  private static Group group(JsonNode group, Map<String, String> gateways) {
    List<Path> paths = new ArrayList<>();
    for (JsonNode path : group.path("paths")) {
      String device = path.path("dev").asText();
      boolean usable =
          path.path("dm_st").asText().equals("active")
              && path.path("chk_st").asText().equals("ready");
      paths.add(new Path(device, gateways.getOrDefault(device, "?"), usable));
    }
    return new Group(
        group.path("pri").asInt(), group.path("dm_st").asText().equals("active"), paths);
  }

  /** Gateways of the usable paths of a priority. */
  public Set<String> usable(int priority) {
    return gateways(group -> group.priority() == priority, Path::usable);
  }

  /** Gateways of all usable paths. */
  public Set<String> usable() {
    return gateways(group -> true, Path::usable);
  }

  /** Gateways of the usable paths of the group that is used. */
  public Set<String> used() {
    return gateways(Group::active, Path::usable);
  }

  private Set<String> gateways(Predicate<Group> group, Predicate<Path> path) {
    Set<String> found = new TreeSet<>();
    groups.stream()
        .filter(group)
        .flatMap(some -> some.paths().stream())
        .filter(path)
        .forEach(some -> found.add(some.gateway()));
    return found;
  }

  /** All of its paths. */
  public Stream<Path> paths() {
    return groups.stream().flatMap(group -> group.paths().stream());
  }
}
