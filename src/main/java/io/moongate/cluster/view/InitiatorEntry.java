package io.moongate.cluster.view;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An initiator on a target's access list.
 *
 * @param chap by which it authenticates itself; empty: by the target's own, if it has any
 * @param luns what it sees: the LUN that it is shown, to the LUN of the target that this is. Empty:
 *     every LUN of the target under its own number. A mask names LUNs of the target and not logical
 *     units, so that an initiator never sees what the target doesn't map, and whatever is known of
 *     a LUN of the target (its paths, its deletion) goes for the masks, too
 * @param remark for people
 */
public record InitiatorEntry(
    Optional<ChapEntry> chap, Optional<Map<Integer, Integer>> luns, Optional<String> remark) {

  public InitiatorEntry {
    luns = luns.map(mask -> Collections.unmodifiableMap(new TreeMap<>(mask)));
  }

  /** The same without a LUN of the target. */
  InitiatorEntry without(int targetLun) {
    if (luns.isEmpty() || !luns.get().containsValue(targetLun)) {
      return this;
    }
    Map<Integer, Integer> left = new TreeMap<>(luns.get());
    left.values().removeIf(seen -> seen == targetLun);
    return new InitiatorEntry(chap, Optional.of(left), remark);
  }
}
