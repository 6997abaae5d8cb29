package io.moongate.cluster.gateway;

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
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.HeldPortal;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.failure.FailureDecision;
import io.moongate.failure.Observation;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandlerWithReply;
import org.apache.pekko.persistence.typed.javadsl.ReplyEffect;

/**
 * A gateway: where it is, which process it is now, and whether it has failed.
 *
 * <p>A gateway registers as a new incarnation each time it starts; what an older incarnation owned
 * is then free. A failed incarnation never comes back: it rejoins as a newcomer (design rule 5).
 */
public final class Gateway extends TermedEntity<Gateway.Command, Gateway.Event, Gateway.State> {

  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "Gateway");

  // -- commands

  /** A command to a gateway. */
  public sealed interface Command extends CborSerializable {}

  /** A process says that it is this gateway now, and where. */
  public record Register(Registration registration, ActorRef<Answer> replyTo) implements Command {}

  /**
   * What a gateway says of itself.
   *
   * @param takeover whether its portal addresses may be held by others once it has failed
   */
  public record Registration(
      String incarnation,
      List<PortalAddress> portals,
      PortalAddress relay,
      String managementUrl,
      String softwareVersion,
      long pid,
      boolean takeover)
      implements CborSerializable {}

  /** A gateway reports what it and others saw of this one. */
  public record Report(String incarnation, List<Observation> evidence) implements Command {}

  /** The process has drained what it owned and goes. */
  public record Stop(String incarnation, ActorRef<Answer> replyTo) implements Command {}

  /**
   * Takes it out of service: what it owns is moved away, and nothing is placed on it. Repeating it
   * is accepted.
   */
  public record Drain(String cause, ActorRef<Answer> replyTo) implements Command {}

  /** Takes it back into service. Repeating it is accepted. */
  public record Undrain(String cause, ActorRef<Answer> replyTo) implements Command {}

  /** The process sees itself out of service, and owns nothing any more. */
  public record Emptied(String incarnation) implements Command {}

  /**
   * Removes it for good, by the operator's word that the process is gone; what it owned may be
   * taken over then. Whoever sends this has made sure that nothing is seen of the process.
   *
   * @param incarnation the process in question: refused when there is a newer one
   */
  public record Remove(String incarnation, String cause, ActorRef<Answer> replyTo)
      implements Command {}

  /**
   * A gateway asks to hold a portal address of this one, whose process has failed. Who has it is
   * seen in the view.
   *
   * @param incarnation the process that has failed
   * @param holder name of the gateway that asks
   * @param holderIncarnation its process
   */
  public record HoldPortal(
      String incarnation, String address, String holder, String holderIncarnation)
      implements Command {}

  /**
   * What was held is not any more, nor will it be before that is decided anew.
   *
   * @param held as the view has it
   */
  public record ReleasePortal(HeldPortal held, String cause) implements Command {}

  /** Does what is asked only while this is of one of the versions. */
  public record IfVersion(
      List<Long> versions,
      @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
          @JsonSubTypes({
            @JsonSubTypes.Type(value = Register.class, name = "register"),
            @JsonSubTypes.Type(value = Drain.class, name = "drain"),
            @JsonSubTypes.Type(value = Undrain.class, name = "undrain"),
            @JsonSubTypes.Type(value = Remove.class, name = "remove")
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

  record PortGroupAssigned(int portGroup, Throwable failure, Register register)
      implements Command {}

  // -- events

  /** Something that happened to a gateway. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "event")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Registered.class, name = "registered"),
    @JsonSubTypes.Type(value = Failed.class, name = "failed"),
    @JsonSubTypes.Type(value = Stopped.class, name = "stopped"),
    @JsonSubTypes.Type(value = DrainBegun.class, name = "drain-begun"),
    @JsonSubTypes.Type(value = Drained.class, name = "drained"),
    @JsonSubTypes.Type(value = DrainEnded.class, name = "drain-ended"),
    @JsonSubTypes.Type(value = Removed.class, name = "removed"),
    @JsonSubTypes.Type(value = PortalHeld.class, name = "portal-held"),
    @JsonSubTypes.Type(value = PortalReleased.class, name = "portal-released"),
    @JsonSubTypes.Type(value = Adopted.class, name = "adopted"),
    @JsonSubTypes.Type(value = Settled.class, name = "settled")
  })
  public sealed interface Event extends CborSerializable {
    /** When, by the wall clock of the node that persisted it. */
    Instant at();
  }

  /** A process registered as this gateway. */
  public record Registered(String name, int portGroup, Registration registration, Instant at)
      implements Event {}

  /** It was decided that the process has failed. */
  public record Failed(String incarnation, List<Observation> evidence, Instant at)
      implements Event {}

  /** The process left in good order. */
  public record Stopped(String incarnation, Instant at) implements Event {}

  /** It was taken out of service. */
  public record DrainBegun(String cause, Instant at) implements Event {}

  /** Out of service, it owned nothing any more. */
  public record Drained(Instant at) implements Event {}

  /** It was taken back into service. */
  public record DrainEnded(String cause, Instant at) implements Event {}

  /** The operator has removed it for good, and declared its process gone. */
  public record Removed(String incarnation, String cause, Instant at) implements Event {}

  /** A portal address of the failed process is another gateway's to hold. */
  public record PortalHeld(
      String incarnation, String address, String holder, String holderIncarnation, Instant at)
      implements Event {}

  /** Nobody holds the address any more. */
  public record PortalReleased(
      String address, String holder, String holderIncarnation, String cause, Instant at)
      implements Event {}

  /** A new incarnation of the entity took over what it had replayed. */
  public record Adopted(Instant at) implements Event {}

  /** Follows each event in the same write. */
  public record Settled(Instant at) implements Event, Mark {}

  /** An event as the journal keeps it. */
  public record Kept(Event event, Origin by) implements CborSerializable, AttributedEvent<Event> {}

  // -- state

  /** The state: the view's entry, absent before the first registration. */
  public record State(Optional<GatewayEntry> entry) implements CborSerializable {

    boolean is(String incarnation) {
      return entry.isPresent() && entry.get().incarnation().equals(incarnation);
    }

    /** The state after an event. */
    public State apply(Event event) {
      if (event instanceof Registered registered) {
        return new State(Optional.of(registered(registered)));
      }
      GatewayEntry now = entry.orElseThrow();
      if (event instanceof Adopted) {
        return new State(Optional.of(now.next(now.service())));
      } else if (event instanceof Failed failed) {
        return as(
            GatewayEntry.State.FAILED,
            failed.at(),
            cause(failed.evidence()),
            now.flapsWhenItFails(failed.at()));
      } else if (event instanceof Stopped stopped) {
        return as(GatewayEntry.State.STOPPED, stopped.at(), "stopped in good order", now.flaps());
      } else if (event instanceof Removed removed) {
        return as(GatewayEntry.State.REMOVED, removed.at(), removed.cause(), now.flaps());
      } else if (event instanceof DrainBegun drain) {
        return serving(GatewayEntry.Duty.DRAINING, drain.at(), drain.cause());
      } else if (event instanceof Drained drained) {
        return serving(GatewayEntry.Duty.DRAINED, drained.at(), now.service().cause());
      } else if (event instanceof DrainEnded drain) {
        return serving(GatewayEntry.Duty.IN_SERVICE, drain.at(), drain.cause());
      } else if (event instanceof PortalHeld hold) {
        return new State(
            Optional.of(
                now.held(
                    new HeldPortal(
                        hold.address(), hold.holder(), hold.holderIncarnation(), hold.at()))));
      } else if (event instanceof PortalReleased released) {
        return new State(Optional.of(now.released(released.address())));
      } else {
        throw new IllegalArgumentException("changes nothing: " + event);
      }
    }

    /** What its operator wants of it and how it has fared stays with the name. */
    private GatewayEntry registered(Registered registered) {
      Registration said = registered.registration();
      boolean anew = entry.isEmpty() || entry.get().state() == GatewayEntry.State.REMOVED;
      int flaps = 0;
      if (!anew) {
        // An older process that is still taken for alive has ended without a word.
        flaps =
            entry.get().state() == GatewayEntry.State.UP
                ? entry.get().flapsWhenItFails(registered.at())
                : entry.get().flaps();
      }
      return new GatewayEntry(
          registered.name(),
          entry.map(GatewayEntry::version).orElse(0L) + 1,
          GatewayEntry.State.UP,
          said.incarnation(),
          registered.portGroup(),
          said.portals(),
          said.relay(),
          said.managementUrl(),
          said.softwareVersion(),
          said.pid(),
          registered.at(),
          "registered",
          anew ? GatewayEntry.Service.FROM_THE_BEGINNING : entry.get().service(),
          flaps,
          entry.map(GatewayEntry::formerOfNext).orElse(List.of()),
          new GatewayEntry.Takeover(
              said.takeover(), entry.map(now -> now.takeover().held()).orElse(List.of())));
    }

    private State as(GatewayEntry.State state, Instant at, String cause, int flaps) {
      return new State(Optional.of(entry.orElseThrow().next(state, at, cause, flaps)));
    }

    private State serving(GatewayEntry.Duty duty, Instant at, String cause) {
      return new State(
          Optional.of(entry.orElseThrow().next(new GatewayEntry.Service(duty, at, cause))));
    }

    /**
     * Whether a gateway may hold an address of this one: only while this one is on record as
     * failed, and nobody else may have it.
     *
     * @param members whether a process, by its incarnation, is a member of the cluster
     */
    public boolean mayHold(HoldPortal asked, Predicate<String> members) {
      if (!is(asked.incarnation()) || !members.test(asked.holderIncarnation())) {
        return false;
      }
      GatewayEntry now = entry.orElseThrow();
      return now.state() == GatewayEntry.State.FAILED
          && now.takeover().allowed()
          && now.portals().stream().anyMatch(each -> each.address().equals(asked.address()))
          && now.takeover()
              .holder(asked.address())
              .filter(holder -> members.test(holder.incarnation()))
              .isEmpty();
    }

    /** Whether an address of this one is held so: not by an earlier decision, or by another. */
    public boolean holds(HeldPortal held) {
      return entry.isPresent() && entry.get().takeover().held().contains(held);
    }

    /** Whether there is such a gateway. */
    boolean live() {
      return entry.isPresent() && entry.get().state() != GatewayEntry.State.REMOVED;
    }

    GatewayEntry.Duty duty() {
      return entry.orElseThrow().service().duty();
    }

    private static String cause(List<Observation> evidence) {
      return evidence.stream()
          .map(seen -> "%s: %s (%s)".formatted(seen.observer(), seen.kind(), seen.detail()))
          .reduce((a, b) -> a + "; " + b)
          .orElse("");
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
  private final PortGroups portGroups;
  private final ActorRef<ViewPublisher.Command> publisher;
  private final Predicate<String> members;
  private final Clock clock;

  private Gateway(
      ActorContext<Command> context,
      String name,
      Terms terms,
      Terms.Term term,
      PortGroups portGroups,
      ActorRef<ViewPublisher.Command> publisher,
      Predicate<String> members,
      Clock clock) {
    super(context, persistenceId(name), terms, term);
    this.name = name;
    this.portGroups = portGroups;
    this.publisher = publisher;
    this.members = members;
    this.clock = clock;
  }

  /** The persistence id of a gateway. */
  public static PersistenceId persistenceId(String name) {
    return PersistenceId.of("gateway", name);
  }

  /**
   * Makes the entity.
   *
   * @param members whether a process, by its incarnation, is a member of the cluster
   */
  public static Behavior<Command> create(
      String name,
      Terms terms,
      PortGroups portGroups,
      ActorRef<ViewPublisher.Command> publisher,
      Predicate<String> members,
      Clock clock) {
    return inTerm(
        terms,
        persistenceId(name),
        Taken::new,
        context ->
            term -> new Gateway(context, name, terms, term, portGroups, publisher, members, clock));
  }

  @Override
  public State emptyState() {
    return new State(Optional.empty());
  }

  @Override
  protected CommandHandlerWithReply<Command, Event, State> commands() {
    return newCommandHandlerWithReplyBuilder()
        .forAnyState()
        .onCommand(Register.class, this::onRegister)
        .onCommand(PortGroupAssigned.class, this::onPortGroupAssigned)
        .onCommand(Report.class, this::onReport)
        .onCommand(Stop.class, this::onStop)
        .onCommand(Drain.class, this::onDrain)
        .onCommand(Undrain.class, this::onUndrain)
        .onCommand(Emptied.class, this::onEmptied)
        .onCommand(Remove.class, this::onRemove)
        .onCommand(HoldPortal.class, this::onHoldPortal)
        .onCommand(ReleasePortal.class, this::onReleasePortal)
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
    return state.entry().map(GatewayEntry::version).orElse(0L);
  }

  @Override
  protected void onAdopted(State state) {
    state
        .entry()
        .ifPresent(entry -> whenConfirmed(() -> publisher.tell(new ViewPublisher.Publish(entry))));
  }

  private ReplyEffect<Event, State> onRegister(State state, Register register) {
    String incarnation = register.registration().incarnation();
    if (state.is(incarnation)) {
      GatewayEntry now = state.entry().orElseThrow();
      return answer(
          register.replyTo(),
          now.state() == GatewayEntry.State.UP
              ? new Answer.Accepted(now)
              : Answer.conflict(
                  "incarnation",
                  "this process was decided to be %s (%s): start anew"
                      .formatted(now.state(), now.cause())));
    }
    if (!members.test(incarnation)) {
      // A request that came late, of a process that is gone before it was ever registered: it would
      // declare the one that has its name by now gone. Or this node hears of a newcomer later.
      return answer(
          register.replyTo(),
          Answer.unavailable("this process is not known as a member of the cluster: ask again"));
    }
    if (state.entry().isPresent()) {
      GatewayEntry now = state.entry().get();
      if (now.succeeds(incarnation)) {
        // A request that was under way while its process ended: it would declare the present one
        // gone.
        return answer(
            register.replyTo(),
            Answer.conflict("incarnation", "a newer process has registered as " + name));
      }
      if (now.state() == GatewayEntry.State.UP
          && !now.relay().equals(register.registration().relay())) {
        // At the same address the older process must be gone, or its ports could not be had. From
        // another one this proves nothing: the older one may be cut off, and serving.
        return answer(
            register.replyTo(),
            Answer.conflict(
                "name",
                "%s is registered at %s and not known to have failed or stopped"
                    .formatted(name, now.relay())));
      }
      return record(
          new Registered(
              name, state.entry().get().portGroup(), register.registration(), clock.instant()),
          Optional.of(register.replyTo()));
    }
    context.pipeToSelf(
        portGroups.of(name),
        (portGroup, failure) ->
            new PortGroupAssigned(portGroup == null ? 0 : portGroup, failure, register));
    return Effect().noReply();
  }

  private ReplyEffect<Event, State> onPortGroupAssigned(State state, PortGroupAssigned assigned) {
    Register register = assigned.register();
    if (assigned.failure() != null) {
      register.replyTo().tell(Answer.unavailable("no target port group id: " + assigned.failure()));
      return Effect().noReply();
    }
    if (state.entry().isPresent()) {
      return onRegister(state, register);
    }
    return record(
        new Registered(name, assigned.portGroup(), register.registration(), clock.instant()),
        Optional.of(register.replyTo()));
  }

  private ReplyEffect<Event, State> onReport(State state, Report report) {
    if (!state.is(report.incarnation())
        || state.entry().orElseThrow().state() != GatewayEntry.State.UP) {
      return ignored(state);
    }
    FailureDecision.Decision decision =
        FailureDecision.decide(name, report.incarnation(), report.evidence(), Set.of());
    if (!decision.failed()) {
      return Effect().noReply();
    }
    return record(
        new Failed(report.incarnation(), decision.evidence(), clock.instant()), Optional.empty());
  }

  private ReplyEffect<Event, State> onStop(State state, Stop stop) {
    if (!state.is(stop.incarnation())) {
      return answer(
          stop.replyTo(), Answer.conflict("incarnation", "another process is this gateway by now"));
    }
    GatewayEntry now = state.entry().orElseThrow();
    if (now.state() != GatewayEntry.State.UP) {
      return answer(stop.replyTo(), new Answer.Accepted(now));
    }
    return record(new Stopped(stop.incarnation(), clock.instant()), Optional.of(stop.replyTo()));
  }

  private ReplyEffect<Event, State> onDrain(State state, Drain drain) {
    if (!state.live()) {
      return answer(drain.replyTo(), unknown());
    }
    return state.duty() == GatewayEntry.Duty.IN_SERVICE
        ? record(new DrainBegun(drain.cause(), clock.instant()), Optional.of(drain.replyTo()))
        : answer(drain.replyTo(), new Answer.Accepted(state.entry().orElseThrow()));
  }

  private ReplyEffect<Event, State> onUndrain(State state, Undrain undrain) {
    if (!state.live()) {
      return answer(undrain.replyTo(), unknown());
    }
    return state.duty() == GatewayEntry.Duty.IN_SERVICE
        ? answer(undrain.replyTo(), new Answer.Accepted(state.entry().orElseThrow()))
        : record(new DrainEnded(undrain.cause(), clock.instant()), Optional.of(undrain.replyTo()));
  }

  private ReplyEffect<Event, State> onEmptied(State state, Emptied emptied) {
    return state.live()
            && state.is(emptied.incarnation())
            && state.duty() == GatewayEntry.Duty.DRAINING
        ? record(new Drained(clock.instant()), Optional.empty())
        : ignored(state);
  }

  /**
   * Nothing is done for it, as far as this incarnation knows. If its term is over it may know too
   * little, and has to notice, or it would take what is reported for ever; if it is not, whoever
   * reports has not heard of its entry.
   */
  private ReplyEffect<Event, State> ignored(State state) {
    whenConfirmed(
        () -> state.entry().ifPresent(entry -> publisher.tell(new ViewPublisher.Publish(entry))));
    return Effect().noReply();
  }

  private ReplyEffect<Event, State> onRemove(State state, Remove remove) {
    if (!state.live()) {
      return answer(remove.replyTo(), unknown());
    }
    if (!state.is(remove.incarnation())) {
      return answer(
          remove.replyTo(),
          Answer.conflict("name", "another process has registered as %s by now".formatted(name)));
    }
    return record(
        new Removed(remove.incarnation(), remove.cause(), clock.instant()),
        Optional.of(remove.replyTo()));
  }

  private ReplyEffect<Event, State> onHoldPortal(State state, HoldPortal asked) {
    return state.mayHold(asked, members)
        ? record(
            new PortalHeld(
                asked.incarnation(),
                asked.address(),
                asked.holder(),
                asked.holderIncarnation(),
                clock.instant()),
            Optional.empty())
        : ignored(state);
  }

  private ReplyEffect<Event, State> onReleasePortal(State state, ReleasePortal asked) {
    HeldPortal held = asked.held();
    return state.holds(held)
        ? record(
            new PortalReleased(
                held.address(), held.gateway(), held.incarnation(), asked.cause(), clock.instant()),
            Optional.empty())
        : ignored(state);
  }

  private Answer unknown() {
    return Answer.notFound("name", "there is no gateway " + name);
  }

  private ReplyEffect<Event, State> onGet(State state, Get get) {
    return answer(
        get.replyTo(),
        state
            .entry()
            .<Answer>map(Answer.Accepted::new)
            .orElseGet(() -> Answer.notFound("gateway", "there is no gateway " + name)));
  }

  private ReplyEffect<Event, State> record(Event event, Optional<ActorRef<Answer>> replyTo) {
    return persistInTerm(event)
        .thenRun(
            state -> {
              GatewayEntry entry = state.entry().orElseThrow();
              whenConfirmed(
                  () -> {
                    context
                        .getLog()
                        .info(
                            "event=gateway-changed gateway={} term={} change={}",
                            name,
                            termNumber(),
                            event);
                    publisher.tell(new ViewPublisher.Publish(entry));
                    replyTo.ifPresent(asker -> asker.tell(new Answer.Accepted(entry)));
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
