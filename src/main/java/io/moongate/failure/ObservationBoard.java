package io.moongate.failure;

import io.moongate.failure.Observation.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The observations that stand: of each observer the first one of each kind about each incarnation.
 * REACHABLE takes back the same observer's UNREACHABLE. Not thread-safe.
 */
public final class ObservationBoard {
  private record Key(String observer, String subject, String incarnation) {}

  private final Map<Key, Map<Kind, Observation>> standing = new HashMap<>();

  /**
   * Notes an observation.
   *
   * @return whether it changed what stands
   */
  public boolean note(Observation seen) {
    Key key = new Key(seen.observer(), seen.subject(), seen.incarnation());
    Map<Kind, Observation> kinds =
        standing.computeIfAbsent(key, absent -> new EnumMap<>(Kind.class));
    if (seen.kind() == Kind.REACHABLE) {
      return kinds.remove(Kind.UNREACHABLE) != null;
    }
    return kinds.putIfAbsent(seen.kind(), seen) == null;
  }

  /** What stands against a gateway's incarnation. */
  public List<Observation> about(String subject, String incarnation) {
    List<Observation> found = new ArrayList<>();
    standing.forEach(
        (key, kinds) -> {
          if (key.subject().equals(subject) && key.incarnation().equals(incarnation)) {
            found.addAll(kinds.values());
          }
        });
    return found;
  }

  /** Everything that stands. */
  public List<Observation> all() {
    return standing.values().stream().map(Map::values).flatMap(Collection::stream).toList();
  }

  /** Forgets a gateway's older incarnations once a newer one is known and judged. */
  public void forgetOthers(String subject, String incarnation) {
    standing
        .keySet()
        .removeIf(key -> key.subject().equals(subject) && !key.incarnation().equals(incarnation));
  }
}
