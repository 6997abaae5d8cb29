package io.moongate.cluster.entity;

import java.util.function.Supplier;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.Serializer;
import org.apache.pekko.serialization.Serializers;

/**
 * Gives the next event of an entity its place in the history and its {@linkplain ChainDigest
 * digest}. Pekko asks for an event's manifest, then for what is to be kept, then has it applied:
 * all three have to speak of the same bytes, so they are made once.
 *
 * @param <E> events
 */
final class EventSeal<E> {
  private final Serialization serialization;
  private final String persistenceId;
  private Sealed<E> last;

  EventSeal(Serialization serialization, String persistenceId) {
    this.serialization = serialization;
    this.persistenceId = persistenceId;
  }

  /** An event on its way to the journal: as it will be kept, and where. */
  record Sealed<E>(E event, Object kept, TermReplay.Position position) {}

  /**
   * The event that is appended next, however often it is asked for.
   *
   * @param kept makes what the journal is to keep of it
   */
  Sealed<E> of(E event, Supplier<Object> kept, TermReplay<?> history, long term) {
    if (last == null || last.event() != event) {
      Object made = kept.get();
      TermReplay.Position position = history.next(term);
      String digest = ChainDigest.of(history.digest(), persistenceId, position, stored(made));
      last = new Sealed<>(event, made, position.sealed(digest));
    }
    return last;
  }

  /** The event was applied: the history has gone on. */
  void used() {
    last = null;
  }

  private ChainDigest.Stored stored(Object kept) {
    Serializer serializer = serialization.findSerializerFor(kept);
    return new ChainDigest.Stored(
        serializer.identifier(),
        Serializers.manifestFor(serializer, kept),
        serialization.serialize(kept).get());
  }
}
