package io.moongate;

import io.moongate.cluster.view.ChapEntry;
import io.moongate.cluster.view.TargetAccess;
import io.moongate.cluster.view.TargetEntry;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * Finds out whose sessions a change of a target's access list ends: of who may not log in any more,
 * or would have to authenticate itself in another way. A requirement that was dropped ends none.
 */
final class AccessWatch {
  private final Map<String, TargetAccess> known = new ConcurrentHashMap<>();

  /**
   * Takes a target's entry, each in its order.
   *
   * @return the initiators whose sessions are to end; empty when the change ends none
   */
  Optional<Predicate<String>> changed(TargetEntry entry) {
    TargetAccess now = entry.access();
    TargetAccess before =
        entry.deleted() ? known.remove(entry.name()) : known.put(entry.name(), now);
    return before == null || before.equals(now)
        ? Optional.empty()
        : Optional.of(initiator -> ends(before, now, initiator));
  }

  private static boolean ends(TargetAccess before, TargetAccess now, String initiator) {
    if (!now.allows(initiator)) {
      return true;
    }
    Optional<ChapEntry> required = now.chapOf(initiator);
    return required.isPresent() && !required.equals(before.chapOf(initiator));
  }
}
