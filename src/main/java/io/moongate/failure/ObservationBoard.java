package io.moongate.failure;

import io.moongate.failure.Observation.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The observations that stand: of each observer the first one of each kind about each incarnation,
 * and about each part of it. Some take others of the same observer back. Not thread-safe.
 */
public final class ObservationBoard {
  private record Key(String observer, String subject, String incarnation, String part) {
    static Key of(Observation seen) {
      return new Key(seen.observer(), seen.subject(), seen.incarnation(), seen.part());
    }
  }

  private record Said(Key key, Kind kind) {}

  private final Map<Key, Map<Kind, Observation>> standing = new HashMap<>();

  /**
   * Notes an observation.
   *
   * @return whether it changed what stands
   */
  public boolean note(Observation seen) {
    Key key = Key.of(seen);
    Map<Kind, Observation> kinds =
        standing.computeIfAbsent(key, absent -> new EnumMap<>(Kind.class));
    boolean changed =
        seen.kind().isGood()
            ? kinds.keySet().removeIf(kind -> seen.kind().takesBack(kind))
            : kinds.putIfAbsent(seen.kind(), seen) == null;
    if (kinds.isEmpty()) {
      standing.remove(key);
    }
    return changed;
  }

  /**
   * Drops what an observer has said and does not say any more, of what passes: it may have been
   * taken back by a word that was lost on its way.
   *
   * @param saysNow everything that it says now
   * @return whether it changed what stands
   */
  public boolean retain(String observer, Collection<Observation> saysNow) {
    Set<Said> said = new HashSet<>();
    saysNow.forEach(seen -> said.add(new Said(Key.of(seen), seen.kind())));
    boolean changed = false;
    for (Map.Entry<Key, Map<Kind, Observation>> entry : standing.entrySet()) {
      Key key = entry.getKey();
      if (key.observer().equals(observer)) {
        changed |=
            entry
                .getValue()
                .keySet()
                .removeIf(kind -> kind.passes() && !said.contains(new Said(key, kind)));
      }
    }
    standing.values().removeIf(Map::isEmpty);
    return changed;
  }

  /** What stands against a gateway's incarnation, or parts of it. */
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
