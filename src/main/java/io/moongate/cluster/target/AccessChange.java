package io.moongate.cluster.target;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.moongate.cluster.Answer;
import io.moongate.cluster.CborSerializable;
import io.moongate.cluster.view.ChapEntry;
import io.moongate.cluster.view.InitiatorEntry;
import io.moongate.cluster.view.TargetAccess;
import io.moongate.cluster.view.TargetEntry;
import java.util.Map;
import java.util.Optional;

/** A change of who may log in to a target: what is asked of it, and what its journal keeps. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "change")
@JsonSubTypes({
  @JsonSubTypes.Type(value = AccessChange.InitiatorAllowed.class, name = "initiator-allowed"),
  @JsonSubTypes.Type(value = AccessChange.InitiatorRemoved.class, name = "initiator-removed"),
  @JsonSubTypes.Type(value = AccessChange.ChapSet.class, name = "chap-set"),
  @JsonSubTypes.Type(value = AccessChange.MutualChapSet.class, name = "mutual-chap-set"),
  @JsonSubTypes.Type(value = AccessChange.ModeSet.class, name = "mode-set")
})
public sealed interface AccessChange extends CborSerializable {
  /** Initiators on the list of a target. */
  int MAX_INITIATORS = 1_024;

  /** Characters of a whole list, about: every gateway holds it, and a change sends all of it. */
  int MAX_WEIGHT = 128 * 1_024;

  /** The access list after it. */
  TargetAccess applyTo(TargetAccess now);

  /** Why the target as it is now does not allow it. */
  default Optional<Answer.Refused> refusal(TargetEntry now) {
    return Optional.empty();
  }

  /** An initiator was put on the list, or what is said of it there was replaced. */
  record InitiatorAllowed(String initiator, InitiatorEntry entry) implements AccessChange {
    @Override
    public TargetAccess applyTo(TargetAccess now) {
      return now.with(initiator, entry);
    }

    @Override
    public Optional<Answer.Refused> refusal(TargetEntry now) {
      for (int targetLun : entry.luns().orElse(Map.of()).values()) {
        if (!now.luns().containsKey(targetLun)) {
          return Optional.of(
              Answer.conflict("luns", "the target has no LUN %d to show".formatted(targetLun)));
        }
      }
      TargetAccess after = applyTo(now.access());
      if (after.initiators().size() > MAX_INITIATORS) {
        return Optional.of(
            Answer.conflict(
                "initiator",
                "the target's access list has its %d initiators".formatted(MAX_INITIATORS)));
      }
      if (weight(after) > MAX_WEIGHT) {
        return Optional.of(
            Answer.conflict(
                "initiator",
                "the target's access list would be longer than %d KiB"
                    .formatted(MAX_WEIGHT >> 10)));
      }
      return Optional.empty();
    }

    private static int weight(TargetAccess access) {
      int weight = 0;
      for (Map.Entry<String, InitiatorEntry> one : access.initiators().entrySet()) {
        InitiatorEntry entry = one.getValue();
        weight +=
            64
                + one.getKey().length()
                + entry.chap().map(c -> c.user().length() + c.sealed().length()).orElse(0)
                + entry.luns().map(mask -> 10 * mask.size()).orElse(0)
                + entry.remark().map(String::length).orElse(0);
      }
      return weight;
    }
  }

  /** An initiator was taken off the list; accepted when it is not on it, or not any more. */
  record InitiatorRemoved(String initiator) implements AccessChange {
    @Override
    public TargetAccess applyTo(TargetAccess now) {
      return now.without(initiator);
    }
  }

  /** CHAP is, or is no more, required of initiators that have no credentials of their own. */
  record ChapSet(Optional<ChapEntry> chap) implements AccessChange {
    @Override
    public TargetAccess applyTo(TargetAccess now) {
      return now.withChap(chap);
    }
  }

  /** The target can, or can't any more, authenticate itself. */
  record MutualChapSet(Optional<ChapEntry> chap) implements AccessChange {
    @Override
    public TargetAccess applyTo(TargetAccess now) {
      return now.withMutualChap(chap);
    }
  }

  /** Whether the list decides who may log in. */
  record ModeSet(TargetAccess.Mode mode) implements AccessChange {
    @Override
    public TargetAccess applyTo(TargetAccess now) {
      return now.with(mode);
    }
  }
}
