package io.moongate.audit;

import io.moongate.cluster.entity.TermReplay;

/**
 * Which events of a journal count, as {@link TermReplay} decides it, in little memory: the terms of
 * the history, the newest first, and the event with which each began.
 *
 * @param before null for the first
 */
record Lineage(long term, long fromVersion, Lineage before) {

  /** Before the first event, or up to a snapshot. */
  static Lineage upTo(long term, long version) {
    return new Lineage(term, Math.min(version, 1), null);
  }

  /** With one event more. */
  Lineage with(TermReplay.Position position) {
    return position.term() == term ? this : new Lineage(position.term(), position.version(), this);
  }

  /** Whether it has the event at this place, being no longer than what it was made of. */
  boolean has(TermReplay.Position position) {
    Lineage segment = this;
    while (segment.before() != null && segment.fromVersion() > position.version()) {
      segment = segment.before();
    }
    return segment.term() == position.term();
  }
}
