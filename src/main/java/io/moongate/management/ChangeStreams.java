package io.moongate.management;

import io.moongate.cluster.Metadata;
import io.moongate.cluster.view.ViewChanges;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
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

/**
 * The streams of {@code GET /changes}: how many there are, of all users and of each, and that they
 * end with the gateway, and with what their users may.
 */
final class ChangeStreams {
  /** Open at a time. */
  static final int MOST = 64;

  /** Of one user: each page of a browser has one. */
  static final int MOST_OF_USER = 16;

  private static final Duration HEARTBEAT = Duration.ofSeconds(15);

  private final ViewChanges changes;
  private final ChangeEvents events;
  private final Duration heartbeat;
  private final Gate gate;
  private final Map<Runnable, String> wakers = new HashMap<>();
  private volatile boolean ending;

  /**
   * @param idleTimeout of a connection on which nothing moves: heartbeats come well before it
   * @param gate knows whom it has let in
   */
  ChangeStreams(ActorSystem<?> system, Duration idleTimeout, Metadata metadata, Gate gate) {
    this.gate = gate;
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
    refusal(Gate.user(request))
        .ifPresent(
            why -> {
              throw new ProblemException(ProblemType.UNAVAILABLE, why);
            });
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
        new Place(request));
  }

  /** Why there is no place for another stream of a user; empty when there is. */
  private synchronized Optional<String> refusal(String user) {
    if (ending || wakers.size() >= MOST) {
      return Optional.of(
          "This gateway has its %d streams of changes: ask another, or later".formatted(MOST));
    } else if (wakers.values().stream().filter(user::equals).count() >= MOST_OF_USER) {
      return Optional.of(
          "%s has %d streams of changes here already: close one, or ask another gateway"
              .formatted(user, MOST_OF_USER));
    }
    return Optional.empty();
  }

  /** What a stream has of its gateway: a place among the others, for as long as it may go on. */
  final class Place {
    private final HttpRequest request;

    private Place(HttpRequest request) {
      this.request = request;
    }

    /**
     * The stream has begun.
     *
     * @param wake lets it see that it is to end
     * @return whether there is a place: others may have begun since it was let in
     */
    boolean take(Runnable wake) {
      synchronized (ChangeStreams.this) {
        String user = Gate.user(request);
        boolean free = refusal(user).isEmpty();
        if (free) {
          wakers.put(wake, user);
        }
        return free;
      }
    }

    /** The stream has ended. */
    void leave(Runnable wake) {
      synchronized (ChangeStreams.this) {
        wakers.remove(wake);
      }
    }

    /** Whether the stream's user is still let in. */
    boolean stands() {
      return gate.stands(request);
    }

    /** Whether all streams are to end. */
    boolean isEnding() {
      return ending;
    }
  }

  private void end() {
    List<Runnable> open;
    synchronized (this) {
      ending = true;
      open = List.copyOf(wakers.keySet());
    }
    open.forEach(Runnable::run);
  }
}
