package io.moongate.cluster;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.moongate.cluster.view.ViewEntry;

/**
 * An entity's answer to a command. A refusal is data, not a failure, so that it crosses the cluster
 * with its kind and the field it is about, and nobody has to read texts to branch on them.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "answer")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Answer.Accepted.class, name = "accepted"),
  @JsonSubTypes.Type(value = Answer.Refused.class, name = "refused")
})
public sealed interface Answer extends CborSerializable {

  /** Done: the event is in the journal and confirmed; this is the entity now. */
  record Accepted(ViewEntry entry) implements Answer {}

  /** Not done, and why. */
  record Refused(Metadata.Refusal.Kind kind, String field, String reason) implements Answer {

    /** The same as an exception, for the API. */
    public Metadata.Refusal refusal() {
      return new Metadata.Refusal(kind, field, reason);
    }
  }

  /** Shorthand for the usual refusals. */
  static Refused conflict(String field, String reason) {
    return new Refused(Metadata.Refusal.Kind.CONFLICT, field, reason);
  }

  /** The request can't be right. */
  static Refused invalid(String field, String reason) {
    return new Refused(Metadata.Refusal.Kind.INVALID, field, reason);
  }

  /** There is no such thing. */
  static Refused notFound(String field, String reason) {
    return new Refused(Metadata.Refusal.Kind.NOT_FOUND, field, reason);
  }

  /** The entity is not, or not any more, what whoever asks takes it to be. */
  static Refused outdated(long version) {
    return new Refused(
        Metadata.Refusal.Kind.OUTDATED,
        "If-Match",
        "it has changed since, and is of version %d now: read it again".formatted(version));
  }

  /** It can't be decided now. */
  static Refused unavailable(String reason) {
    return new Refused(Metadata.Refusal.Kind.UNAVAILABLE, "", reason);
  }
}
