package io.moongate.cluster;

import io.moongate.cluster.view.ViewEntry;
import java.util.List;

/**
 * What whoever asks for a change takes the entity to be that is changed.
 *
 * @param entityId as {@link ViewEntry#entityId}
 * @param versions of its entry, any of which will do
 */
public record Expected(String entityId, List<Long> versions) {
  public Expected {
    versions = List.copyOf(versions);
  }

  /** Whether an entry is what is expected of its entity; one of another entity always is. */
  public boolean isMetBy(ViewEntry entry) {
    return !entry.entityId().equals(entityId) || versions.contains(entry.version());
  }
}
