package io.moongate.cluster.target;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.moongate.cluster.Answer;
import io.moongate.cluster.CborSerializable;
import io.moongate.cluster.Origin;
import io.moongate.cluster.entity.AskedCommand;
import io.moongate.cluster.entity.AttributedEvent;
import io.moongate.cluster.entity.OnVersion;
import io.moongate.cluster.entity.TermedEntity;
import io.moongate.cluster.entity.Terms;
import io.moongate.cluster.replica.ViewPublisher;
import io.moongate.cluster.view.TargetAccess;
import io.moongate.cluster.view.TargetEntry;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandlerWithReply;
import org.apache.pekko.persistence.typed.javadsl.ReplyEffect;

/** A target: which gateways export it, and which logical unit each of its LUNs is. */
public final class Target extends TermedEntity<Target.Command, Target.Event, Target.State> {

  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "Target");

  // -- commands

  /** A command to a target. */
  public sealed interface Command extends CborSerializable {}

  /**
   * Creates it, also again after a deletion. Repeating an equal creation is accepted.
   *
   * @param explicitAlua as {@link TargetEntry#explicitAlua}; empty: off for a new one, and whatever
   *     it is for one that is there
   */
  public record Create(
      List<String> gateways, Optional<Boolean> explicitAlua, ActorRef<Answer> replyTo)
      implements Command {}

  /** Deletes it; refused while it has a LUN. */
  public record Delete(ActorRef<Answer> replyTo) implements Command {}

  /**
   * Maps a logical unit; refused when the LUN is another unit's, or the unit has another LUN here:
   * to one nexus a unit has one LUN (SAM-5 section 4.7.1).
   */
  public record MapLun(int lun, String unitId, ActorRef<Answer> replyTo) implements Command {}

  /** Takes a LUN away from a logical unit; accepted when the LUN is not, or not any more, its. */
  public record UnmapLun(int lun, String unitId, ActorRef<Answer> replyTo) implements Command {}

  /**
   * Changes who may log in; a change that changes nothing is accepted.
   *
   * @param judged version of the entry that the change was judged by, when it was judged by what
   *     the entity can't see (secrets are encrypted): refused when the target has changed since
   */
  public record ChangeAccess(AccessChange change, OptionalLong judged, ActorRef<Answer> replyTo)
      implements Command {}

  /** Offers explicit ALUA, or does so no more; setting what is so already is accepted. */
  public record SetExplicitAlua(boolean explicitAlua, ActorRef<Answer> replyTo)
      implements Command {}

  /** Does what is asked only while this is of one of the versions. */
  public record IfVersion(
      List<Long> versions,
      @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
          @JsonSubTypes({
            @JsonSubTypes.Type(value = Create.class, name = "create"),
            @JsonSubTypes.Type(value = Delete.class, name = "delete"),
            @JsonSubTypes.Type(value = MapLun.class, name = "map-lun"),
            @JsonSubTypes.Type(value = UnmapLun.class, name = "unmap-lun"),
            @JsonSubTypes.Type(value = ChangeAccess.class, name = "change-access"),
            @JsonSubTypes.Type(value = SetExplicitAlua.class, name = "set-explicit-alua")
          })
          Command command,
      ActorRef<Answer> replyTo)
      implements Command, OnVersion<Command> {}

  /** Asks for the entity as it is. */
  public record Get(ActorRef<Answer> replyTo) implements Command {}

  /** A command, and who asks for it. */
  public record Asked(@JsonTypeInfo(use = JsonTypeInfo.Id.MINIMAL_CLASS) Command command, Origin by)
      implements Command, AskedCommand<Command> {}

  record Taken(Terms.Term term, Throwable failure) implements Command, TermTaken {}

  record Confirmed(Boolean ours, Runnable action) implements Command, Confirmation {}

  // -- events

  /** Something that happened to a target. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "event")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Created.class, name = "created"),
    @JsonSubTypes.Type(value = LunMapped.class, name = "lun-mapped"),
    @JsonSubTypes.Type(value = LunUnmapped.class, name = "lun-unmapped"),
    @JsonSubTypes.Type(value = AccessChanged.class, name = "access-changed"),
    @JsonSubTypes.Type(value = ExplicitAluaSet.class, name = "explicit-alua-set"),
    @JsonSubTypes.Type(value = Deleted.class, name = "deleted"),
    @JsonSubTypes.Type(value = Adopted.class, name = "adopted"),
    @JsonSubTypes.Type(value = Settled.class, name = "settled")
  })
  public sealed interface Event extends CborSerializable {
    /** When, by the wall clock of the node that persisted it. */
    Instant at();
  }

  /**
   * It came into being, or came back after a deletion.
   *
   * @param explicitAlua false in events from before a target had a say in it
   */
  public record Created(String name, List<String> gateways, Instant at, boolean explicitAlua)
      implements Event {}

  /** A logical unit was mapped at a LUN. */
  public record LunMapped(int lun, String unitId, Instant at) implements Event {}

  /** A LUN was taken away. */
  public record LunUnmapped(int lun, String unitId, Instant at) implements Event {}

  /** Who may log in was changed. */
  public record AccessChanged(AccessChange change, Instant at) implements Event {}

  /** Explicit ALUA was opted in to, or given up. */
  public record ExplicitAluaSet(boolean explicitAlua, Instant at) implements Event {}

  /** It is no more. */
  public record Deleted(Instant at) implements Event {}

  /** A new incarnation of the entity took over what it had replayed. */
  public record Adopted(Instant at) implements Event {}

  /** Follows each event in the same write. */
  public record Settled(Instant at) implements Event, Mark {}

  /** An event as the journal keeps it. */
  public record Kept(Event event, Origin by) implements CborSerializable, AttributedEvent<Event> {}

  // -- state

  /** The state: the view's entry, absent before the first creation. */
  public record State(Optional<TargetEntry> entry) implements CborSerializable {

    boolean live() {
      return entry.isPresent() && !entry.get().deleted();
    }

    /** The state after an event. */
    public State apply(Event event) {
      if (event instanceof Created created) {
        long version = entry.map(TargetEntry::version).orElse(0L) + 1;
        return new State(
            Optional.of(
                new TargetEntry(
                    created.name(),
                    version,
                    created.gateways(),
                    Map.of(),
                    false,
                    created.at(),
                    TargetAccess.OPEN,
                    created.explicitAlua())));
      }
      TargetEntry now = entry.orElseThrow();
      Map<Integer, String> luns = new TreeMap<>(now.luns());
      boolean deleted = now.deleted();
      TargetAccess access = now.access();
      boolean explicitAlua = now.explicitAlua();
      if (event instanceof LunMapped mapped) {
        luns.put(mapped.lun(), mapped.unitId());
      } else if (event instanceof LunUnmapped unmapped) {
        luns.remove(unmapped.lun());
        access = access.without(unmapped.lun());
      } else if (event instanceof AccessChanged changed) {
        access = changed.change().applyTo(access);
      } else if (event instanceof ExplicitAluaSet set) {
        explicitAlua = set.explicitAlua();
      } else if (event instanceof Deleted) {
        deleted = true;
        access = TargetAccess.OPEN;
      } else if (!(event instanceof Adopted)) {
        throw new IllegalArgumentException("changes nothing: " + event);
      }
      return new State(
          Optional.of(
              new TargetEntry(
                  now.name(),
                  now.version() + 1,
                  now.gateways(),
                  luns,
                  deleted,
                  now.since(),
                  access,
                  explicitAlua)));
    }
  }

  /**
   * A snapshot.
   *
   * @param term in which it was saved
   * @param digest of the last event in the state; empty when it was saved before there were any
   */
  public record Snapshot(long term, State state, String digest) implements CborSerializable {
    public Snapshot {
      digest = digest == null ? "" : digest;
    }
  }

  // -- behaviour

  private final String name;
  private final ActorRef<ViewPublisher.Command> publisher;
  private final Clock clock;

  private Target(
      ActorContext<Command> context,
      String name,
      Terms terms,
      Terms.Term term,
      ActorRef<ViewPublisher.Command> publisher,
      Clock clock) {
    super(context, persistenceId(name), terms, term);
    this.name = name;
    this.publisher = publisher;
    this.clock = clock;
  }

  /** The persistence id of a target. */
  public static PersistenceId persistenceId(String name) {
    return PersistenceId.of("target", name);
  }

  /** Makes the entity. */
  public static Behavior<Command> create(
      String name, Terms terms, ActorRef<ViewPublisher.Command> publisher, Clock clock) {
    return inTerm(
        terms,
        persistenceId(name),
        Taken::new,
        context -> term -> new Target(context, name, terms, term, publisher, clock));
  }

  @Override
  public State emptyState() {
    return new State(Optional.empty());
  }

  @Override
  protected CommandHandlerWithReply<Command, Event, State> commands() {
    return newCommandHandlerWithReplyBuilder()
        .forAnyState()
        .onCommand(Create.class, this::onCreate)
        .onCommand(Delete.class, this::onDelete)
        .onCommand(MapLun.class, this::onMapLun)
        .onCommand(UnmapLun.class, this::onUnmapLun)
        .onCommand(ChangeAccess.class, this::onChangeAccess)
        .onCommand(SetExplicitAlua.class, this::onSetExplicitAlua)
        .onCommand(Get.class, this::onGet)
        .onCommand(Confirmed.class, (state, confirmed) -> onConfirmation(confirmed))
        .onCommand(Taken.class, (state, taken) -> Effect().noReply())
        .build();
  }

  @Override
  protected State apply(State state, Event event) {
    return state.apply(event);
  }

  @Override
  protected AttributedEvent<Event> attributed(Event event, Origin origin) {
    return new Kept(event, origin);
  }

  @Override
  protected Event kept(Object kept) {
    return kept instanceof Kept with ? with.event() : (Event) kept;
  }

  @Override
  protected long version(State state) {
    return state.entry().map(TargetEntry::version).orElse(0L);
  }

  @Override
  protected void onAdopted(State state) {
    state
        .entry()
        .ifPresent(entry -> whenConfirmed(() -> publisher.tell(new ViewPublisher.Publish(entry))));
  }

  private ReplyEffect<Event, State> onCreate(State state, Create create) {
    if (state.live()) {
      TargetEntry now = state.entry().orElseThrow();
      return answer(
          create.replyTo(),
          difference(now, create)
              .<Answer>map(other -> other)
              .orElseGet(() -> new Answer.Accepted(now)));
    }
    return record(
        new Created(name, create.gateways(), clock.instant(), create.explicitAlua().orElse(false)),
        create.replyTo());
  }

  /** Why a creation does not ask for what is there. */
  private static Optional<Answer.Refused> difference(TargetEntry now, Create create) {
    if (!now.gateways().equals(create.gateways())) {
      return Optional.of(
          Answer.conflict("gateways", "the target exists with other gateways: " + now.gateways()));
    }
    if (create.explicitAlua().orElse(now.explicitAlua()) != now.explicitAlua()) {
      return Optional.of(
          Answer.conflict(
              "explicitAlua",
              "the target exists %s explicit ALUA"
                  .formatted(now.explicitAlua() ? "with" : "without")));
    }
    return Optional.empty();
  }

  private ReplyEffect<Event, State> onSetExplicitAlua(State state, SetExplicitAlua set) {
    if (!state.live()) {
      return answer(set.replyTo(), unknown());
    }
    TargetEntry now = state.entry().orElseThrow();
    return now.explicitAlua() == set.explicitAlua()
        ? answer(set.replyTo(), new Answer.Accepted(now))
        : record(new ExplicitAluaSet(set.explicitAlua(), clock.instant()), set.replyTo());
  }

  private ReplyEffect<Event, State> onDelete(State state, Delete delete) {
    if (!state.live()) {
      return answer(delete.replyTo(), unknown());
    }
    TargetEntry now = state.entry().orElseThrow();
    if (!now.luns().isEmpty()) {
      return answer(
          delete.replyTo(),
          Answer.conflict(
              "name", "the target has LUNs %s: delete them first".formatted(now.luns().keySet())));
    }
    return record(new Deleted(clock.instant()), delete.replyTo());
  }

  private ReplyEffect<Event, State> onMapLun(State state, MapLun map) {
    if (!state.live()) {
      return answer(map.replyTo(), unknown());
    }
    TargetEntry now = state.entry().orElseThrow();
    String mapped = now.luns().get(map.lun());
    if (mapped != null) {
      return answer(
          map.replyTo(),
          mapped.equals(map.unitId())
              ? new Answer.Accepted(now)
              : Answer.conflict(
                  "lun", "LUN %d is logical unit %s already".formatted(map.lun(), mapped)));
    }
    for (Map.Entry<Integer, String> other : now.luns().entrySet()) {
      if (other.getValue().equals(map.unitId())) {
        return answer(
            map.replyTo(),
            Answer.conflict(
                "lun",
                "logical unit %s is LUN %d of this target already"
                    .formatted(map.unitId(), other.getKey())));
      }
    }
    return record(new LunMapped(map.lun(), map.unitId(), clock.instant()), map.replyTo());
  }

  private ReplyEffect<Event, State> onUnmapLun(State state, UnmapLun unmap) {
    if (!state.live()) {
      return answer(unmap.replyTo(), unknown());
    }
    TargetEntry now = state.entry().orElseThrow();
    String mapped = now.luns().get(unmap.lun());
    if (!unmap.unitId().equals(mapped)) {
      return answer(unmap.replyTo(), new Answer.Accepted(now));
    }
    return record(new LunUnmapped(unmap.lun(), mapped, clock.instant()), unmap.replyTo());
  }

  private ReplyEffect<Event, State> onChangeAccess(State state, ChangeAccess command) {
    if (!state.live()) {
      return answer(command.replyTo(), unknown());
    }
    TargetEntry now = state.entry().orElseThrow();
    if (command.judged().isPresent() && command.judged().getAsLong() != now.version()) {
      return answer(
          command.replyTo(), Answer.conflict("", "the target was changed in the same moment"));
    }
    Optional<Answer.Refused> refusal = command.change().refusal(now);
    if (refusal.isPresent()) {
      return answer(command.replyTo(), refusal.get());
    }
    if (command.change().applyTo(now.access()).equals(now.access())) {
      return answer(command.replyTo(), new Answer.Accepted(now));
    }
    return record(new AccessChanged(command.change(), clock.instant()), command.replyTo());
  }

  private ReplyEffect<Event, State> onGet(State state, Get get) {
    return answer(
        get.replyTo(), state.entry().<Answer>map(Answer.Accepted::new).orElseGet(this::unknown));
  }

  private Answer unknown() {
    return Answer.notFound("target", "there is no target " + name);
  }

  private ReplyEffect<Event, State> record(Event event, ActorRef<Answer> replyTo) {
    return persistInTerm(event)
        .thenRun(
            state -> {
              TargetEntry entry = state.entry().orElseThrow();
              whenConfirmed(
                  () -> {
                    context
                        .getLog()
                        .info(
                            "event=target-changed target={} term={} change={}",
                            name,
                            termNumber(),
                            event);
                    publisher.tell(new ViewPublisher.Publish(entry));
                    replyTo.tell(new Answer.Accepted(entry));
                  });
            })
        .thenNoReply();
  }

  private ReplyEffect<Event, State> answer(ActorRef<Answer> replyTo, Answer answer) {
    replyWhenConfirmed(replyTo, answer);
    return Effect().noReply();
  }

  @Override
  protected Event adoption() {
    return new Adopted(clock.instant());
  }

  @Override
  protected Command begin() {
    return new Taken(null, null);
  }

  @Override
  protected Event mark() {
    return new Settled(clock.instant());
  }

  @Override
  protected Command confirmation(Boolean ours, Runnable action) {
    return new Confirmed(ours, action);
  }

  @Override
  protected Object toSnapshot(State state, long termNumber, String digest) {
    return new Snapshot(termNumber, state, digest);
  }

  @Override
  protected String snapshotDigest(Object snapshot) {
    return ((Snapshot) snapshot).digest();
  }

  @Override
  protected long snapshotTerm(Object snapshot) {
    return ((Snapshot) snapshot).term();
  }

  @Override
  protected State fromSnapshot(Object snapshot) {
    return ((Snapshot) snapshot).state();
  }
}
