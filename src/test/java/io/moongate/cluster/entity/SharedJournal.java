package io.moongate.cluster.entity;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.journal.japi.AsyncWriteJournal;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializers;
import org.apache.pekko.util.ByteString;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

/**
 * A journal that behaves like the one in Cassandra where that matters for two writers: rows have
 * the key (sequence number, timestamp), so that two writers' events with one number both stay;
 * nobody is refused; and a replay ends at the first row of the highest number. Everything is
 * serialized.
 */
public final class SharedJournal extends AsyncWriteJournal {

  private record Row(
      long sequenceNr,
      long timestamp,
      String writer,
      String manifest,
      int serializer,
      String serializerManifest,
      ByteString bytes) {}

  /** A write on its way. */
  public static final class Held {
    private final CompletableFuture<Void> arrived = new CompletableFuture<>();
    private final CompletableFuture<Boolean> landed = new CompletableFuture<>();

    /** Waits until the entity has asked for it. */
    public void awaitArrival() {
      arrived.orTimeout(10, java.util.concurrent.TimeUnit.SECONDS).join();
    }

    /**
     * Lets it land.
     *
     * @param oldTimestamp whether its writer took the timestamp when it asked, or has a clock that
     *     is behind; otherwise it is of now
     */
    public void land(boolean oldTimestamp) {
      landed.complete(oldTimestamp);
    }
  }

  private static final Map<String, List<Row>> ROWS = new ConcurrentHashMap<>();
  private static final Map<String, Held> HOLDING = new ConcurrentHashMap<>();
  private static final AtomicLong TIME = new AtomicLong();

  private final Serialization serialization = SerializationExtension.get(context().system());

  /** Holds the next write of an entity. */
  public static Held holdNext(String persistenceId) {
    Held held = new Held();
    HOLDING.put(persistenceId, held);
    return held;
  }

  /** A row as it is kept. */
  public record Stored(long sequenceNr, String manifest, ChainDigest.Stored bytes) {
    /** What is in it. */
    public Object event(ActorSystem<?> system) {
      return SerializationExtension.get(system)
          .deserialize(bytes.bytes(), bytes.serializerId(), bytes.serializerManifest())
          .get();
    }
  }

  /** The rows of an entity, marks among them. */
  public static List<Stored> stored(String persistenceId) {
    List<Row> rows = ROWS.getOrDefault(persistenceId, List.of());
    synchronized (rows) {
      return rows.stream()
          .map(
              row ->
                  new Stored(
                      row.sequenceNr(),
                      row.manifest(),
                      new ChainDigest.Stored(
                          row.serializer(), row.serializerManifest(), row.bytes().toArray())))
          .toList();
    }
  }

  /** Writes other bytes into a row of an entity, as another version of the product would. */
  public static void rewrite(String persistenceId, long sequenceNr, ChainDigest.Stored bytes) {
    List<Row> rows = ROWS.get(persistenceId);
    synchronized (rows) {
      rows.replaceAll(
          row ->
              row.sequenceNr() != sequenceNr
                  ? row
                  : new Row(
                      row.sequenceNr(),
                      row.timestamp(),
                      row.writer(),
                      row.manifest(),
                      bytes.serializerId(),
                      bytes.serializerManifest(),
                      ByteString.fromArray(bytes.bytes())));
    }
  }

  /** How many rows an entity has. */
  public static int rows(String persistenceId) {
    List<Row> rows = ROWS.getOrDefault(persistenceId, List.of());
    synchronized (rows) {
      return rows.size();
    }
  }

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(
      Iterable<AtomicWrite> messages) {
    List<PersistentRepr> events = new ArrayList<>();
    List<Optional<Exception>> outcome = new ArrayList<>();
    for (AtomicWrite write : messages) {
      events.addAll(CollectionConverters.asJava(write.payload()));
      outcome.add(Optional.empty());
    }
    String persistenceId = events.get(0).persistenceId();
    long asked = TIME.getAndAdd(1_000);
    Held held = HOLDING.remove(persistenceId);
    CompletableFuture<Boolean> lands =
        held == null ? CompletableFuture.completedFuture(true) : held.landed;
    if (held != null) {
      held.arrived.complete(null);
    }
    return FutureConverters.asScala(
        lands.thenApply(
            oldTimestamp -> {
              long timestamp = oldTimestamp ? asked : TIME.getAndAdd(1_000);
              List<Row> rows = ROWS.computeIfAbsent(persistenceId, id -> new ArrayList<>());
              synchronized (rows) {
                for (PersistentRepr event : events) {
                  rows.add(row(event, timestamp++));
                }
                rows.sort(
                    Comparator.comparingLong(Row::sequenceNr).thenComparingLong(Row::timestamp));
              }
              return outcome;
            }));
  }

  private Row row(PersistentRepr event, long timestamp) {
    var serializer = serialization.findSerializerFor(event.payload());
    return new Row(
        event.sequenceNr(),
        timestamp,
        event.writerUuid(),
        event.manifest(),
        serializer.identifier(),
        Serializers.manifestFor(serializer, event.payload()),
        ByteString.fromArray(serializer.toBinary(event.payload())));
  }

  @Override
  public Future<Void> doAsyncDeleteMessagesTo(String persistenceId, long toSequenceNr) {
    throw new UnsupportedOperationException("events are never deleted");
  }

  @Override
  public Future<Void> doAsyncReplayMessages(
      String persistenceId,
      long fromSequenceNr,
      long toSequenceNr,
      long max,
      Consumer<PersistentRepr> replay) {
    List<Row> rows = ROWS.getOrDefault(persistenceId, new ArrayList<>());
    synchronized (rows) {
      for (Row row : rows) {
        if (row.sequenceNr() < fromSequenceNr) {
          continue;
        }
        replay.accept(
            PersistentRepr.apply(
                serialization
                    .deserialize(row.bytes().toArray(), row.serializer(), row.serializerManifest())
                    .get(),
                row.sequenceNr(),
                persistenceId,
                row.manifest(),
                false,
                null,
                row.writer()));
        if (row.sequenceNr() == toSequenceNr) {
          break;
        }
      }
    }
    return FutureConverters.asScala(CompletableFuture.completedFuture(null));
  }

  @Override
  public Future<Long> doAsyncReadHighestSequenceNr(String persistenceId, long fromSequenceNr) {
    List<Row> rows = ROWS.getOrDefault(persistenceId, new ArrayList<>());
    synchronized (rows) {
      long highest = rows.isEmpty() ? 0 : rows.get(rows.size() - 1).sequenceNr();
      return FutureConverters.asScala(CompletableFuture.completedFuture(highest));
    }
  }
}
