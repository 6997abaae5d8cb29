package io.moongate.audit;

import io.moongate.cluster.Origin;
import io.moongate.cluster.entity.AttributedEvent;
import io.moongate.cluster.entity.ChainDigest;
import io.moongate.cluster.entity.TermedEntity;
import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.unit.LogicalUnit;
import java.util.Optional;
import org.apache.pekko.serialization.Serialization;
import scala.util.Try;

/** Reads what the entities have kept, with the serializers by which they kept it. */
public final class JournalCodec {
  private final Serialization serialization;

  /** Reads with a system's serializers. */
  public JournalCodec(Serialization serialization) {
    this.serialization = serialization;
  }

  /**
   * An event and whom it goes back to.
   *
   * @param by empty for an event of before that was kept
   */
  record Read(Object event, Optional<Origin> by) {}

  /**
   * A state from a snapshot, and where it stands.
   *
   * @param digest empty in one of before there were digests
   */
  record SavedState(EntityState state, long term, String digest) {}

  /**
   * The event of a row.
   *
   * @throws JournalFault when it can't be read, or is none
   */
  Read event(JournalRow row) {
    Object kept = read(row.persistenceId(), row.sequenceNr(), row.event());
    if (kept instanceof AttributedEvent<?> attributed) {
      return new Read(attributed.event(), Optional.ofNullable(attributed.by()));
    } else if (kept instanceof TermedEntity.Mark || !EventFacts.isEvent(kept)) {
      throw new JournalFault(
          row.persistenceId(),
          row.sequenceNr(),
          "not an event: " + row.event().serializerManifest());
    }
    return new Read(kept, Optional.empty());
  }

  /**
   * The state in a snapshot.
   *
   * @throws JournalFault when it can't be read, or is none
   */
  SavedState state(String persistenceId, Journal.StoredSnapshot stored) {
    Object saved = read(persistenceId, stored.sequenceNr(), stored.state());
    if (saved instanceof LogicalUnit.Snapshot unit) {
      return new SavedState(new EntityState.OfLun(unit.state()), unit.term(), unit.digest());
    } else if (saved instanceof Target.Snapshot target) {
      return new SavedState(
          new EntityState.OfTarget(target.state()), target.term(), target.digest());
    } else if (saved instanceof Gateway.Snapshot gateway) {
      return new SavedState(
          new EntityState.OfGateway(gateway.state()), gateway.term(), gateway.digest());
    }
    throw new JournalFault(
        persistenceId,
        stored.sequenceNr(),
        "not a snapshot: " + stored.state().serializerManifest());
  }

  private Object read(String persistenceId, long sequenceNr, ChainDigest.Stored stored) {
    Try<Object> read =
        serialization.deserialize(
            stored.bytes(), stored.serializerId(), stored.serializerManifest());
    if (read.isFailure()) {
      throw new JournalFault(
          persistenceId, sequenceNr, "can't be read: " + read.failed().get().getMessage());
    }
    return read.get();
  }
}
