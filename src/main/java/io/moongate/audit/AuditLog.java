package io.moongate.audit;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverException;
import io.moongate.cluster.view.View;
import io.moongate.cluster.view.ViewEntry;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.pekko.serialization.Serialization;

/**
 * The journal as a gateway answers from it: what happened, and the view as it was. Answers fail
 * with {@link AuditUnavailable} when Cassandra can't be read or there is too much to read in time,
 * and with a {@link JournalFault} when the journal is not as entities write it.
 */
public final class AuditLog {
  /** Parts in which all rows are read, so that threads share them and each query is short. */
  private static final int PARTS = 64;

  private final Supplier<CompletionStage<Journal>> journal;
  private final JournalCodec codec;
  private final Workers workers;

  /**
   * Makes it; nothing is read yet.
   *
   * @param session the driver's session
   * @param serialization as the entities keep their events
   */
  public AuditLog(
      Supplier<CompletionStage<CqlSession>> session,
      AuditSettings settings,
      Serialization serialization) {
    this(
        settings,
        () -> session.get().thenApply(open -> new CassandraJournal(open, settings.keyspace())),
        serialization);
  }

  AuditLog(
      AuditSettings settings,
      Supplier<CompletionStage<Journal>> journal,
      Serialization serialization) {
    this.journal = journal;
    this.codec = new JournalCodec(serialization);
    this.workers = new Workers(settings.threads(), settings.bound());
  }

  /** The view as it was, replayed by the code that serves. */
  public CompletionStage<View> viewAt(Instant instant) {
    View view = new View();
    long deadline = workers.deadline();
    return explained(
        journal
            .get()
            .thenCompose(
                open ->
                    workers
                        .run(() -> open.entities(Long.MIN_VALUE))
                        .thenCompose(
                            entities ->
                                workers.forEach(
                                    entities,
                                    deadline,
                                    entity ->
                                        entryAt(open, entity.persistenceId(), instant)
                                            .ifPresent(entry -> apply(view, entry)))))
            .thenApply(done -> view));
  }

  private Optional<ViewEntry> entryAt(Journal journal, String persistenceId, Instant instant) {
    return EntityKind.of(persistenceId)
        .flatMap(
            kind -> new EntityHistory(journal, codec, persistenceId, kind).at(instant).entry());
  }

  private static void apply(View view, ViewEntry entry) {
    synchronized (view) {
      view.apply(entry);
    }
  }

  /** The events that are asked for. */
  public CompletionStage<EventPage> events(EventQuery query) {
    long deadline = workers.deadline();
    return explained(
        journal
            .get()
            .thenCompose(
                open -> {
                  EventSearch search = new EventSearch(open, codec, query);
                  return searched(open, search, query, deadline)
                      .thenCompose(
                          done -> workers.run(() -> new EventPage(search.events(), search.next())));
                }));
  }

  private static <T> CompletionStage<T> explained(CompletionStage<T> answer) {
    return answer.exceptionallyCompose(
        thrown -> {
          Throwable failure = thrown;
          while (failure instanceof CompletionException && failure.getCause() != null) {
            failure = failure.getCause();
          }
          return CompletableFuture.failedStage(explanation(failure));
        });
  }

  private static Throwable explanation(Throwable failure) {
    if (failure instanceof DriverException) {
      return new AuditUnavailable(
          "The journal can't be read: Cassandra: " + failure.getMessage(), failure);
    } else if (failure instanceof TimeoutException) {
      return new AuditUnavailable(
          "The history is too long to answer in time: ask about one LUN or target", failure);
    } else if (failure instanceof RejectedExecutionException) {
      return new AuditUnavailable("Too much is being replayed already: ask again", failure);
    }
    return failure;
  }

  private CompletionStage<Void> searched(
      Journal journal, EventSearch search, EventQuery query, long deadline) {
    if (query.entity().isPresent()) {
      return workers.run(
          () -> {
            search.entity(query.entity().get());
            return null;
          });
    }
    return query.byPlace()
        ? workers.forEach(
            IntStream.range(0, PARTS).iterator(), deadline, part -> search.places(part, PARTS))
        : workers
            .run(() -> journal.entities(Long.MIN_VALUE))
            .thenCompose(
                entities ->
                    workers.forEach(
                        entities, deadline, entity -> search.entity(entity.persistenceId())));
  }
}
