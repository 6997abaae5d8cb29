package io.moongate.cluster.entity;

import io.moongate.cluster.Answer;
import io.moongate.cluster.Origin;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.persistence.typed.EventAdapter;
import org.apache.pekko.persistence.typed.EventSeq;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.RecoveryFailed;
import org.apache.pekko.persistence.typed.SnapshotAdapter;
import org.apache.pekko.persistence.typed.SnapshotCompleted;
import org.apache.pekko.persistence.typed.SnapshotSelectionCriteria;
import org.apache.pekko.persistence.typed.javadsl.CommandHandlerWithReply;
import org.apache.pekko.persistence.typed.javadsl.EffectBuilder;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import org.apache.pekko.persistence.typed.javadsl.Recovery;
import org.apache.pekko.persistence.typed.javadsl.ReplyEffect;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.apache.pekko.serialization.SerializationExtension;

/**
 * An event-sourced entity that acts only within its {@linkplain Terms term}.
 *
 * @param <C> its commands
 * @param <E> its events
 * @param <S> its state
 */
public abstract class TermedEntity<C, E, S>
    extends EventSourcedBehaviorWithEnforcedReplies<C, E, S> {
  /**
   * Rows of the journal, two for each event, after which the state is saved: what is replayed when
   * an entity gets another home, a thousand of them at a time when a gateway fails.
   */
  public static final int ROWS_PER_SNAPSHOT = 40;

  private static final int CONFIRM_ATTEMPTS = 6;
  private static final Duration CONFIRM_RETRY = Duration.ofMillis(250);
  private static final Duration CONFIRM_RETRY_LONGEST = Duration.ofSeconds(2);

  /**
   * A read that takes longer is not waited for: a replica of Cassandra may have gone with it, and
   * all that this entity is asked for waits behind it.
   */
  private static final long CONFIRM_SECONDS = 2;

  /** Longer than its statements may take one after another: they have bounds of their own. */
  private static final long TAKE_SECONDS = 20;

  private static final int WAITING_COMMANDS = 1_000;

  /** Entities whose stored snapshot was found to be of a stale incarnation: they replay all. */
  private static final Set<String> DISTRUSTED_SNAPSHOTS = ConcurrentHashMap.newKeySet();

  private final Terms terms;
  private final Terms.Term term;
  private final Queue<Runnable> unconfirmed = new ArrayDeque<>();
  private boolean confirming;
  private int failedConfirmations;
  private TermReplay<S> history;
  private TermReplay.Position replayed;
  private final EventSeal<E> seal;
  private final Unreadable unreadable = new Unreadable();
  private Origin by;
  private List<Long> only = List.of();
  private boolean adopted;
  protected final ActorContext<C> context;

  protected TermedEntity(
      ActorContext<C> context, PersistenceId persistenceId, Terms terms, Terms.Term term) {
    super(persistenceId);
    this.context = context;
    this.terms = terms;
    this.term = term;
    this.seal =
        new EventSeal<>(SerializationExtension.get(context.getSystem()), persistenceId.id());
    this.by = Origin.gateway(terms.holder());
  }

  /** What an entity says to itself while it takes its term; its commands include these. */
  public interface TermMessages<C> {
    /** The term was taken, or not. */
    C termTaken(Terms.Term term, Throwable failure);
  }

  /** A term's outcome as a command carries it. */
  public interface TermTaken {
    /** The term; null when it failed. */
    Terms.Term term();

    /** Why it failed; null when it did not. */
    Throwable failure();
  }

  /** The answer of a confirmation as a command carries it. */
  public interface Confirmation {
    /** True: still ours. False: lost. Null: it could not be asked. */
    Boolean ours();

    /** What to do when it is ours. */
    Runnable action();
  }

  /**
   * Takes a term, then becomes the entity. Commands that come meanwhile wait.
   *
   * @param terms where terms are kept
   * @param persistenceId of the entity
   * @param messages makes the internal command
   * @param entity makes the entity of a term
   */
  protected static <C> Behavior<C> inTerm(
      Terms terms,
      PersistenceId persistenceId,
      TermMessages<C> messages,
      Function<ActorContext<C>, Function<Terms.Term, Behavior<C>>> entity) {
    return Behaviors.setup(
        context ->
            Behaviors.withStash(
                WAITING_COMMANDS,
                stash -> {
                  context.pipeToSelf(
                      terms
                          .take(persistenceId.id())
                          .toCompletableFuture()
                          .copy()
                          .orTimeout(TAKE_SECONDS, TimeUnit.SECONDS),
                      messages::termTaken);
                  return Behaviors.receive(
                      (ignored, command) -> {
                        if (!(command instanceof TermTaken taken)) {
                          if (!stash.isFull()) {
                            stash.stash(command);
                          }
                          return Behaviors.same();
                        }
                        if (taken.term() == null) {
                          context
                              .getLog()
                              .warn(
                                  "event=term-refused entity={} reason=\"{}\"",
                                  persistenceId.id(),
                                  String.valueOf(taken.failure()));
                          return Behaviors.stopped();
                        }
                        return stash.unstashAll(entity.apply(context).apply(taken.term()));
                      });
                }));
  }

  /** An event that follows each other one and changes nothing; {@link TermReplay} says why. */
  public interface Mark {}

  /** Makes the event that follows each other one. */
  protected abstract E mark();

  /** Persists an event in this term; what it leads to has to wait for {@link #whenConfirmed}. */
  protected final EffectBuilder<E, S> persistInTerm(E event) {
    return Effect().persist(List.of(event, mark()));
  }

  /** Applies an event; never a {@link Mark}. */
  protected abstract S apply(S state, E event);

  /** How many events a state is made of. */
  protected abstract long version(S state);

  @Override
  public final EventHandler<S, E> eventHandler() {
    return (state, event) -> {
      if (event instanceof Mark) {
        return state;
      }
      TermReplay.Position position = replayed == null ? seal(event).position() : replayed;
      replayed = null;
      seal.used();
      return history().event(position, before -> apply(before, event));
    };
  }

  private TermReplay<S> history() {
    if (history == null) {
      history = new TermReplay<>(emptyState(), 0, 0);
    }
    return history;
  }

  private EventSeal.Sealed<E> seal(E event) {
    return seal.of(event, () -> attributed(event, by), history(), term.number());
  }

  /** Makes of an event what the journal keeps of it. */
  protected abstract AttributedEvent<E> attributed(E event, Origin origin);

  /** The event in what the journal has kept, be it bare or attributed. */
  protected abstract E kept(Object kept);

  @Override
  public final EventAdapter<E, Object> eventAdapter() {
    return new EventAdapter<>() {
      @Override
      public Object toJournal(E event) {
        return event instanceof Mark ? event : seal(event).kept();
      }

      @Override
      public String manifest(E event) {
        return event instanceof Mark ? "" : seal(event).position().manifest();
      }

      @Override
      public EventSeq<E> fromJournal(Object from, String manifest) {
        if (from instanceof Mark) {
          return EventSeq.empty();
        }
        replayed = TermReplay.Position.parse(manifest);
        return EventSeq.single(kept(from));
      }
    };
  }

  /** The versions at which alone what is being handled may be done; empty: at any. */
  protected final List<Long> only() {
    return only;
  }

  /** Who asked for what is being handled; this gateway when nobody did. */
  protected final Origin by() {
    return by;
  }

  /** Goes on with what was asked for before something had to be waited for. */
  protected final void goOnFor(Origin asker) {
    by = asker;
  }

  /** Makes the event by which an incarnation takes over what it has replayed. */
  protected abstract E adoption();

  /** Makes the command by which an incarnation tells itself to begin. */
  protected abstract C begin();

  /** Begins: the history is this incarnation's own from here on. */
  protected abstract void onAdopted(S state);

  /** The handlers of the entity's commands. */
  protected abstract CommandHandlerWithReply<C, E, S> commands();

  /**
   * Before anything else an incarnation appends an event of its own. Only then is what it has
   * replayed safe from an event that an older incarnation appends late: one it could not see, that
   * would otherwise take the place of one it saw and acted upon.
   */
  @Override
  public final CommandHandlerWithReply<C, E, S> commandHandler() {
    CommandHandlerWithReply<C, E, S> commands = commands();
    return (state, command) -> {
      only = List.of();
      if (adopted && command instanceof AskedCommand<?>) {
        @SuppressWarnings("unchecked") // An entity's envelopes carry its own commands.
        AskedCommand<C> asked = (AskedCommand<C>) command;
        by = asked.by();
        return onVersion(commands, state, asked.command());
      }
      by = Origin.gateway(terms.holder());
      if (adopted) {
        return onVersion(commands, state, command);
      }
      if (!(command instanceof TermTaken)) {
        return Effect().stash();
      }
      return (ReplyEffect<E, S>)
          persistInTerm(adoption()).thenRun((S after) -> adopt(after)).thenUnstashAll();
    };
  }

  private ReplyEffect<E, S> onVersion(
      CommandHandlerWithReply<C, E, S> commands, S state, C command) {
    if (!(command instanceof OnVersion<?> conditional)) {
      return commands.apply(state, command);
    }
    if (!conditional.versions().contains(version(state))) {
      replyWhenConfirmed(conditional.replyTo(), Answer.outdated(version(state)));
      return Effect().noReply();
    }
    only = List.copyOf(conditional.versions());
    @SuppressWarnings("unchecked") // An entity is sent its own kind of commands.
    C asked = (C) conditional.command();
    return commands.apply(state, asked);
  }

  private void onRecovered(S state) {
    UnreadableEntities.get(context.getSystem()).remove(persistenceId().id());
    if (version(state) == 0) {
      adopt(state); // Nothing was replayed, nothing can be taken away.
    } else {
      context.getSelf().tell(begin());
    }
  }

  private void adopt(S state) {
    adopted = true;
    if (history().term() <= term.number()) {
      history().settled();
    } // Else a newer one has begun, and this one finds that nothing of it is confirmed.
    onAdopted(state);
  }

  /** Makes the command that brings a confirmation back to this entity. */
  protected abstract C confirmation(Boolean ours, Runnable action);

  /**
   * Runs the action once a serial read has confirmed that this incarnation is still the one.
   * Actions run in the order in which they were given. One read at a time is under way, for all
   * that was given before it began: reads of one row are in each other's way, and an entity that is
   * asked often while Cassandra is slow would keep it slow.
   */
  protected final void whenConfirmed(Runnable action) {
    unconfirmed.add(action);
    if (!confirming) {
      confirming = true;
      confirm(Duration.ZERO);
    }
  }

  private void confirm(Duration after) {
    String id = persistenceId().id();
    int given = unconfirmed.size(); // Never fewer when the read begins.
    context.pipeToSelf(
        after.isZero()
            ? confirmed(id)
            : Patterns.after(after, context.getSystem().classicSystem(), () -> confirmed(id)),
        (ours, failure) -> confirmation(failure == null ? ours : null, () -> runOldest(given)));
  }

  private CompletionStage<Boolean> confirmed(String id) {
    return terms
        .confirm(id, term)
        .toCompletableFuture()
        .copy()
        .orTimeout(CONFIRM_SECONDS, TimeUnit.SECONDS);
  }

  /** Runs what the read has confirmed: so many. */
  private void runOldest(int given) {
    failedConfirmations = 0;
    for (int action = 0; action < given; action++) {
      unconfirmed.remove().run();
    }
    confirming = !unconfirmed.isEmpty();
    if (confirming) {
      confirm(Duration.ZERO);
    }
  }

  /** Replies once confirmed. */
  protected final void replyWhenConfirmed(ActorRef<Answer> replyTo, Answer answer) {
    whenConfirmed(() -> replyTo.tell(answer));
  }

  /**
   * Handles a confirmation: acts, asks again, or stops because this incarnation is stale or can't
   * learn whether it is. Whoever asked gets no answer then: what happened is unknown until the next
   * incarnation has replayed.
   */
  protected final ReplyEffect<E, S> onConfirmation(Confirmation confirmation) {
    if (confirmation.ours() == null && ++failedConfirmations < CONFIRM_ATTEMPTS) {
      Duration doubled = CONFIRM_RETRY.multipliedBy(1L << (failedConfirmations - 1));
      confirm(doubled.compareTo(CONFIRM_RETRY_LONGEST) < 0 ? doubled : CONFIRM_RETRY_LONGEST);
      return Effect().noReply();
    }
    if (confirmation.ours() == null || !confirmation.ours()) {
      context
          .getLog()
          .warn(
              "event=term-{} entity={} term={}",
              confirmation.ours() == null ? "unconfirmed" : "lost",
              persistenceId().id(),
              term.number());
      return Effect().stop().thenNoReply();
    }
    confirmation.action().run();
    return Effect().noReply();
  }

  /** Number of the term. */
  protected final long termNumber() {
    return term.number();
  }

  @Override
  public boolean shouldSnapshot(S state, E event, long sequenceNr) {
    return sequenceNr % ROWS_PER_SNAPSHOT == 0;
  }

  @Override
  public Recovery recovery() {
    if (term.snapshotSequenceNr().isEmpty()
        || DISTRUSTED_SNAPSHOTS.contains(persistenceId().id())) {
      return Recovery.withSnapshotSelectionCriteria(SnapshotSelectionCriteria.none());
    }
    return Recovery.withSnapshotSelectionCriteria(
        SnapshotSelectionCriteria.latest()
            .withMaxSequenceNr(term.snapshotSequenceNr().getAsLong()));
  }

  /**
   * Wraps a state for a snapshot.
   *
   * @param termNumber the term that saves it
   * @param digest of the last event in it
   */
  protected abstract Object toSnapshot(S state, long termNumber, String digest);

  /** The term in which a snapshot was saved. */
  protected abstract long snapshotTerm(Object snapshot);

  /** The digest of the last event in it; empty in one of before there were digests. */
  protected abstract String snapshotDigest(Object snapshot);

  /** The state in a snapshot. */
  protected abstract S fromSnapshot(Object snapshot);

  @Override
  public final SnapshotAdapter<S> snapshotAdapter() {
    return new SnapshotAdapter<>() {
      @Override
      public Object toJournal(S state) {
        return toSnapshot(state, term.number(), history().digest());
      }

      @Override
      public S fromJournal(Object from) {
        if (snapshotTerm(from) != term.snapshotTerm()) {
          DISTRUSTED_SNAPSHOTS.add(persistenceId().id());
          throw new IllegalStateException(
              "%s: the stored snapshot is of term %d, recorded was term %d: replaying all"
                  .formatted(persistenceId().id(), snapshotTerm(from), term.snapshotTerm()));
        }
        // Saved after an event of that same term.
        S state = fromSnapshot(from);
        history =
            new TermReplay<>(state, term.snapshotTerm(), version(state), snapshotDigest(from));
        return state;
      }
    };
  }

  @Override
  public final SignalHandler<S> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), this::onRecovered)
        .onSignal(
            RecoveryFailed.class,
            (state, failed) -> unreadable.tell(context, persistenceId().id(), failed.getFailure()))
        .onSignal(
            SnapshotCompleted.class,
            (state, completed) ->
                terms
                    .snapshotSaved(persistenceId().id(), term, completed.metadata().sequenceNr())
                    .whenComplete(
                        (recorded, failure) -> {
                          if (failure == null && recorded) {
                            DISTRUSTED_SNAPSHOTS.remove(persistenceId().id());
                          }
                        }))
        .build();
  }
}
