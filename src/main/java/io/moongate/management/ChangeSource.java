package io.moongate.management;

import io.moongate.cluster.view.ViewChanges;
import io.moongate.cluster.view.ViewChanges.Change;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SourceShape;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * The changes from a number on, as events, as fast as the client takes them. Nothing is kept for
 * one that is slow but its number: once a change after it is not kept any more, it is dropped.
 */
final class ChangeSource extends GraphStage<SourceShape<ByteString>> {
  private static final String HEARTBEAT = "heartbeat";
  private static final String LOOK = "look";

  /** How often it is looked whether its user is still let in. */
  private static final Duration LOOK_INTERVAL = Duration.ofSeconds(1);

  /** Changes that are rendered at a time. */
  private static final int BATCH = 32;

  private final Outlet<ByteString> out = Outlet.create("changes");
  private final SourceShape<ByteString> shape = SourceShape.of(out);
  private final ViewChanges changes;
  private final ChangeEvents events;
  private final ByteString greeting;
  private final long from;
  private final Duration heartbeat;
  private final ChangeStreams.Place place;

  /**
   * @param greeting what is sent first
   * @param from the number after which to begin
   * @param heartbeat after which a comment is sent when nothing else was
   * @param place says whether it may go on
   */
  ChangeSource(
      ViewChanges changes,
      ChangeEvents events,
      ByteString greeting,
      long from,
      Duration heartbeat,
      ChangeStreams.Place place) {
    this.changes = changes;
    this.events = events;
    this.greeting = greeting;
    this.from = from;
    this.heartbeat = heartbeat;
    this.place = place;
  }

  @Override
  public SourceShape<ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private final AtomicBoolean woken = new AtomicBoolean();
    private final AsyncCallback<Boolean> wake = createAsyncCallback(this::onWake);
    private long number = from;
    private boolean greeted;
    private Runnable stopFollowing = () -> {};
    private final Runnable waker = this::wake;

    Logic() {
      super(shape);
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              next();
            }
          });
    }

    @Override
    public void preStart() {
      if (!place.take(waker)) {
        completeStage();
        return;
      }
      stopFollowing = changes.follow(waker);
      scheduleWithFixedDelay(HEARTBEAT, heartbeat, heartbeat);
      scheduleWithFixedDelay(LOOK, LOOK_INTERVAL, LOOK_INTERVAL);
    }

    @Override
    public void postStop() {
      stopFollowing.run();
      place.leave(waker);
    }

    /** On whatever thread: one call is under way at most. */
    private void wake() {
      if (woken.compareAndSet(false, true)) {
        wake.invoke(true);
      }
    }

    private void onWake(boolean ignored) {
      woken.set(false);
      if (place.isEnding()) {
        completeStage();
      } else if (isAvailable(out)) {
        next();
      } else if (changes.after(number, 0).isEmpty()) {
        failStage(new IllegalStateException("a reader of changes was too slow"));
      }
    }

    @Override
    public void onTimer(Object key) {
      if (key.equals(LOOK)) {
        if (!place.stands()) {
          completeStage();
        }
      } else if (isAvailable(out)) {
        push(out, ChangeEvents.HEARTBEAT);
      }
    }

    /** Pushes what there is; the next change wakes it when there is nothing. */
    private void next() {
      if (!greeted) {
        greeted = true;
        push(out, greeting);
        return;
      }
      Optional<List<Change>> following = changes.after(number, BATCH);
      if (following.isEmpty()) {
        number = changes.last();
        push(out, events.reset(number));
        return;
      }
      ByteString batch = ByteString.emptyByteString();
      for (Change change : following.get()) {
        batch = batch.concat(events.of(change));
        number = change.number();
      }
      if (!batch.isEmpty()) {
        push(out, batch);
      }
    }
  }
}
