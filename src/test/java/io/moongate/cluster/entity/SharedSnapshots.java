package io.moongate.cluster.entity;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.persistence.SelectedSnapshot;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.apache.pekko.persistence.snapshot.japi.SnapshotStore;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializers;
import org.apache.pekko.util.ByteString;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/** A snapshot store like the one in Cassandra: one snapshot per number, the last writer's. */
public final class SharedSnapshots extends SnapshotStore {

  private record Stored(
      SnapshotMetadata metadata, int serializer, String serializerManifest, ByteString bytes) {}

  private static final Map<String, TreeMap<Long, Stored>> STORED = new ConcurrentHashMap<>();

  private final Serialization serialization = SerializationExtension.get(context().system());

  /** Whether there is a snapshot of that number. */
  public static boolean holds(String persistenceId, long sequenceNr) {
    synchronized (STORED) {
      return STORED.getOrDefault(persistenceId, new TreeMap<>()).containsKey(sequenceNr);
    }
  }

  /** Puts a snapshot there, as an incarnation does that knows nothing of the others. */
  public static void put(
      Serialization serialization, String persistenceId, long sequenceNr, Object snapshot) {
    store(serialization, new SnapshotMetadata(persistenceId, sequenceNr, 0), snapshot);
  }

  private static void store(
      Serialization serialization, SnapshotMetadata metadata, Object snapshot) {
    var serializer = serialization.findSerializerFor(snapshot);
    Stored stored =
        new Stored(
            metadata,
            serializer.identifier(),
            Serializers.manifestFor(serializer, snapshot),
            ByteString.fromArray(serializer.toBinary(snapshot)));
    synchronized (STORED) {
      STORED
          .computeIfAbsent(metadata.persistenceId(), id -> new TreeMap<>())
          .put(metadata.sequenceNr(), stored);
    }
  }

  @Override
  public Future<Optional<SelectedSnapshot>> doLoadAsync(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    Optional<SelectedSnapshot> selected = Optional.empty();
    synchronized (STORED) {
      var found =
          STORED.getOrDefault(persistenceId, new TreeMap<>()).floorEntry(criteria.maxSequenceNr());
      if (found != null && criteria.maxTimestamp() > 0) {
        Stored stored = found.getValue();
        selected =
            Optional.of(
                SelectedSnapshot.create(
                    stored.metadata(),
                    serialization
                        .deserialize(
                            stored.bytes().toArray(),
                            stored.serializer(),
                            stored.serializerManifest())
                        .get()));
      }
    }
    return FutureConverters.asScala(CompletableFuture.completedFuture(selected));
  }

  @Override
  public Future<Void> doSaveAsync(SnapshotMetadata metadata, Object snapshot) {
    store(serialization, metadata, snapshot);
    return FutureConverters.asScala(CompletableFuture.completedFuture(null));
  }

  @Override
  public Future<Void> doDeleteAsync(SnapshotMetadata metadata) {
    throw new UnsupportedOperationException("snapshots are never deleted");
  }

  @Override
  public Future<Void> doDeleteAsync(String persistenceId, SnapshotSelectionCriteria criteria) {
    throw new UnsupportedOperationException("snapshots are never deleted");
  }
}
