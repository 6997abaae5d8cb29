package io.moongate.cluster.view;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Who may log in to a target, and how both prove who they are.
 *
 * @param mode whether the list decides who may log in
 * @param initiators the access list, by iSCSI name. In either mode an initiator that is on it has
 *     what is said of it there
 * @param chap by which initiators authenticate themselves that have no credentials of their own
 * @param mutualChap by which the target authenticates itself to an initiator that asks for it
 */
public record TargetAccess(
    Mode mode,
    Map<String, InitiatorEntry> initiators,
    Optional<ChapEntry> chap,
    Optional<ChapEntry> mutualChap) {

  /** What a target has before anything was said: whoever comes may log in and sees every LUN. */
  public static final TargetAccess OPEN =
      new TargetAccess(Mode.OPEN, Map.of(), Optional.empty(), Optional.empty());

  /** Whether the list decides who may log in. */
  public enum Mode {
    /** Whoever comes may log in. */
    OPEN,
    /** Only initiators that are on the list. */
    LISTED
  }

  public TargetAccess {
    initiators = Collections.unmodifiableMap(new TreeMap<>(initiators));
  }

  /** What is said of an initiator. */
  public Optional<InitiatorEntry> of(String initiator) {
    return Optional.ofNullable(initiators.get(initiator));
  }

  /** Whether an initiator may log in. */
  public boolean allows(String initiator) {
    return mode == Mode.OPEN || initiators.containsKey(initiator);
  }

  /** By what an initiator has to authenticate itself; empty when it need not. */
  public Optional<ChapEntry> chapOf(String initiator) {
    return of(initiator).flatMap(InitiatorEntry::chap).or(() -> chap);
  }

  /** The same in another mode. */
  public TargetAccess with(Mode other) {
    return new TargetAccess(other, initiators, chap, mutualChap);
  }

  /** The same with an initiator, added or replaced. */
  public TargetAccess with(String initiator, InitiatorEntry entry) {
    Map<String, InitiatorEntry> list = new TreeMap<>(initiators);
    list.put(initiator, entry);
    return new TargetAccess(mode, list, chap, mutualChap);
  }

  /** The same without an initiator. */
  public TargetAccess without(String initiator) {
    Map<String, InitiatorEntry> list = new TreeMap<>(initiators);
    list.remove(initiator);
    return new TargetAccess(mode, list, chap, mutualChap);
  }

  /**
   * The same when the target does not map a LUN any more. It is taken out of every mask: whatever
   * is mapped there next is not what was shown to these initiators.
   */
  public TargetAccess without(int targetLun) {
    Map<String, InitiatorEntry> list = new TreeMap<>(initiators);
    list.replaceAll((name, entry) -> entry.without(targetLun));
    return new TargetAccess(mode, list, chap, mutualChap);
  }

  /** The same with another CHAP requirement. */
  public TargetAccess withChap(Optional<ChapEntry> required) {
    return new TargetAccess(mode, initiators, required, mutualChap);
  }

  /** The same with other credentials of the target's own. */
  public TargetAccess withMutualChap(Optional<ChapEntry> own) {
    return new TargetAccess(mode, initiators, chap, own);
  }
}
