package io.moongate.cli.demo;

import io.moongate.management.api.Path;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What one gateway says of the paths to one LUN. Paths through gateways that are not of this demo
 * are left out.
 */
record PathStates(List<Path> paths) {

  private static final String OPTIMIZED = "active-optimized";
  private static final String NON_OPTIMIZED = "active-non-optimized";
  private static final Set<String> DEAD = Set.of("unavailable", "offline");

  PathStates {
    paths = List.copyOf(paths);
  }

  static PathStates of(List<Path> all, String target, int lun, Collection<String> gateways) {
    return new PathStates(
        all.stream()
            .filter(path -> path.target().equals(target) && path.lun() == lun)
            .filter(path -> gateways.contains(path.gateway()))
            .toList());
  }

  /**
   * Whether each of the gateways has a path that serves, one of them optimized and through the
   * owner.
   */
  boolean serving(Collection<String> alive) {
    List<Path> optimized = paths.stream().filter(path -> path.state().equals(OPTIMIZED)).toList();
    return optimized.size() == 1
        && Objects.equals(optimized.get(0).gateway(), optimized.get(0).owner())
        && alive.contains(optimized.get(0).gateway())
        && alive.stream()
            .allMatch(
                name ->
                    paths.stream()
                        .anyMatch(
                            path ->
                                path.gateway().equals(name)
                                    && (path.state().equals(OPTIMIZED)
                                        || path.state().equals(NON_OPTIMIZED))));
  }

  /** Whether paths through the gateway are reported, and each as unusable. */
  boolean dead(String gateway) {
    List<Path> through = paths.stream().filter(path -> path.gateway().equals(gateway)).toList();
    return !through.isEmpty() && through.stream().allMatch(path -> DEAD.contains(path.state()));
  }

  /** The gateway whose path is optimized; empty text when there is none or more than one. */
  String optimized() {
    List<String> names =
        paths.stream().filter(path -> path.state().equals(OPTIMIZED)).map(Path::gateway).toList();
    return names.size() == 1 ? names.get(0) : "";
  }

  long epoch() {
    return paths.stream().mapToLong(Path::epoch).max().orElse(0);
  }

  /** As in {@code gw1 active-optimized, gw2 active-non-optimized (epoch 3)}. */
  @Override
  public String toString() {
    return paths.isEmpty()
        ? "no paths"
        : paths.stream()
                .map(path -> path.gateway() + " " + path.state())
                .collect(Collectors.joining(", "))
            + " (epoch "
            + epoch()
            + ")";
  }
}
