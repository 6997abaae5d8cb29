package io.moongate.management;

import io.moongate.cluster.Metadata;
import io.moongate.cluster.view.ViewChanges;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.CacheControl;
import org.apache.pekko.http.javadsl.model.headers.CacheDirectives;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** The streams of {@code GET /changes}: how many there are, and that they end with the gateway. */
final class ChangeStreams {
  /** Open at a time. */
  static final int MOST = 64;

  private static final Duration HEARTBEAT = Duration.ofSeconds(15);

  private final ViewChanges changes;
  private final ChangeEvents events;
  private final Duration heartbeat;
  private final Set<Runnable> wakers = ConcurrentHashMap.newKeySet();
  private volatile boolean ending;

  /**
   * @param idleTimeout of a connection on which nothing moves: heartbeats come well before it
   */
  ChangeStreams(ActorSystem<?> system, Duration idleTimeout, Metadata metadata) {
    this.changes = metadata.changes();
    this.events = new ChangeEvents(metadata);
    Duration half = idleTimeout.dividedBy(2);
    this.heartbeat = half.compareTo(HEARTBEAT) < 0 ? half : HEARTBEAT;
    CoordinatedShutdown.get(system.classicSystem())
        .addTask(
            CoordinatedShutdown.PhaseBeforeServiceUnbind(),
            "moongate-change-streams",
            () -> {
              end();
              return CompletableFuture.completedStage(Done.getInstance());
            });
  }

  /**
   * A new stream.
   *
   * @throws ProblemException with {@link ProblemType#UNAVAILABLE} when there are too many
   */
  HttpResponse open(HttpRequest request) {
    Negotiation.requireAccepted(request, MediaTypes.TEXT_EVENT_STREAM);
    Requests.parameters(request);
    if (ending || wakers.size() >= MOST) {
      throw new ProblemException(
          ProblemType.UNAVAILABLE,
          "This gateway has its %d streams of changes: ask another, or later".formatted(MOST));
    }
    return HttpResponse.create()
        .addHeader(CacheControl.create(CacheDirectives.NO_CACHE))
        .withEntity(
            HttpEntities.createChunked(
                MediaTypes.TEXT_EVENT_STREAM.toContentType(), Source.fromGraph(source(request))));
  }

  private ChangeSource source(HttpRequest request) {
    long last = changes.last();
    OptionalLong after =
        request
            .getHeader("Last-Event-ID")
            .map(HttpHeader::value)
            .map(events::position)
            .orElseGet(() -> OptionalLong.of(last));
    boolean goesOn = after.isPresent() && changes.after(after.getAsLong(), 0).isPresent();
    ByteString hello = events.hello(goesOn ? after.getAsLong() : last);
    return new ChangeSource(
        changes,
        events,
        goesOn ? hello : hello.concat(events.reset(last)),
        goesOn ? after.getAsLong() : last,
        heartbeat,
        this);
  }

  /**
   * A stream has begun.
   *
   * @param wake lets it see that it is to end
   * @return to be called when it has ended
   */
  Runnable begun(Runnable wake) {
    wakers.add(wake);
    return () -> wakers.remove(wake);
  }

  /** Whether all of them are to end. */
  boolean isEnding() {
    return ending;
  }

  private void end() {
    ending = true;
    wakers.forEach(Runnable::run);
  }
}
