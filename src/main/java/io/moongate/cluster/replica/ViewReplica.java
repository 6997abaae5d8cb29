package io.moongate.cluster.replica;

import io.moongate.cluster.CborSerializable;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.View;
import io.moongate.cluster.view.ViewEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;

/**
 * This gateway's replica of the view.
 *
 * <p>Entries come by push, and are acknowledged; an entry is applied only when it is newer than
 * what is held, so that nothing is applied twice or out of order. What a push missed is found by
 * comparing digests with a random other replica every second. When the whole cluster starts there
 * is no replica to learn from: then the entities are asked, once for each id in the journal.
 */
public final class ViewReplica extends AbstractBehavior<ViewReplica.Command> {

  /** Where replicas find one another, and publishers find them. */
  public static final ServiceKey<Command> SERVICE =
      ServiceKey.create(Command.class, "view-replica");

  private static final Duration SYNC = Duration.ofSeconds(1);
  private static final int BUCKETS = 64;
  private static final int ENTRIES_PER_MESSAGE = 64;
  private static final int LUNS_PER_ENTRY = 32;

  /** A message to a replica. */
  public sealed interface Command extends CborSerializable {}

  /** A pushed entry. */
  public record Update(ViewEntry entry, ActorRef<ViewPublisher.Command> publisher)
      implements Command {}

  /** An entry that the local gateway has just got as an answer; {@code replyTo} when applied. */
  public record Learn(ViewEntry entry, ActorRef<Done> replyTo) implements Command {}

  /** Applied. */
  public record Done() implements CborSerializable {}

  /** The journal's entities have all been asked: the view is complete. */
  public record Loaded() implements Command {}

  /** Another replica compares: {@code digests} of its buckets. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared; 64 numbers in one piece of CBOR.
  public record Compare(long[] digests, ActorRef<Command> replyTo) implements Command {}

  /**
   * Entries of the buckets that differ. {@code last}: these are all; {@code complete}: nothing
   * differed, and the sender's view is complete, so that the receiver's is.
   */
  public record Differences(List<ViewEntry> entries, boolean last, boolean complete)
      implements Command {}

  private record Peers(Set<ActorRef<Command>> peers) implements Command {}

  private enum Sync implements Command {
    TICK
  }

  private final View view;
  private final Consumer<ViewEntry> onChange;
  private final CompletableFuture<Void> completed;
  private final Supplier<List<Address>> memberAddresses;
  private Set<ActorRef<Command>> peers = Set.of();
  private boolean learnt;

  private ViewReplica(
      ActorContext<Command> context,
      View view,
      Consumer<ViewEntry> onChange,
      CompletableFuture<Void> completed,
      Supplier<List<Address>> memberAddresses) {
    super(context);
    this.view = view;
    this.onChange = onChange;
    this.completed = completed;
    this.memberAddresses = memberAddresses;
  }

  /**
   * Makes the replica.
   *
   * @param view what it keeps up to date, as its only writer
   * @param onChange called with each entry that was applied, in order, on the actor's thread
   * @param completed completed once the view is known to be complete
   */
  public static Behavior<Command> create(
      View view, Consumer<ViewEntry> onChange, CompletableFuture<Void> completed) {
    return create(view, onChange, completed, List::of);
  }

  /**
   * The same, for a replica that has the same path on every member of a cluster.
   *
   * @param memberAddresses the other members
   */
  public static Behavior<Command> create(
      View view,
      Consumer<ViewEntry> onChange,
      CompletableFuture<Void> completed,
      Supplier<List<Address>> memberAddresses) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  ActorRef<Receptionist.Listing> listings =
                      context.messageAdapter(
                          Receptionist.Listing.class,
                          listing -> new Peers(listing.getServiceInstances(SERVICE)));
                  context
                      .getSystem()
                      .receptionist()
                      .tell(Receptionist.register(SERVICE, context.getSelf()));
                  context
                      .getSystem()
                      .receptionist()
                      .tell(Receptionist.subscribe(SERVICE, listings));
                  timers.startTimerWithFixedDelay(Sync.TICK, SYNC);
                  return new ViewReplica(context, view, onChange, completed, memberAddresses);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Update.class, this::onUpdate)
        .onMessage(Learn.class, this::onLearn)
        .onMessage(Loaded.class, this::onLoaded)
        .onMessage(Compare.class, this::onCompare)
        .onMessage(Differences.class, this::onDifferences)
        .onMessage(Peers.class, this::onPeers)
        .onMessage(Sync.class, this::onSync)
        .build();
  }

  private Behavior<Command> onUpdate(Update update) {
    apply(update.entry());
    update
        .publisher()
        .tell(
            new ViewPublisher.Acknowledge(
                getContext().getSelf(), update.entry().entityId(), view.versionOf(update.entry())));
    return this;
  }

  private Behavior<Command> onLearn(Learn learn) {
    apply(learn.entry());
    learn.replyTo().tell(new Done());
    return this;
  }

  private Behavior<Command> onLoaded(Loaded loaded) {
    completed.complete(null);
    return this;
  }

  private Behavior<Command> onCompare(Compare compare) {
    long[] own = digests();
    List<ViewEntry> differing = new ArrayList<>();
    for (ViewEntry entry : view.entries()) {
      int bucket = bucket(entry.entityId());
      if (compare.digests().length != BUCKETS || compare.digests()[bucket] != own[bucket]) {
        differing.add(entry);
      }
    }
    List<ViewEntry> batch = new ArrayList<>();
    int weight = 0;
    for (ViewEntry entry : differing) {
      if (!batch.isEmpty() && weight + weight(entry) > ENTRIES_PER_MESSAGE) {
        compare.replyTo().tell(new Differences(List.copyOf(batch), false, false));
        batch.clear();
        weight = 0;
      }
      batch.add(entry);
      weight += weight(entry);
    }
    if (!batch.isEmpty()) {
      compare.replyTo().tell(new Differences(List.copyOf(batch), false, false));
    }
    // Messages can be lost: that everything arrived is only known when nothing differs any more.
    compare
        .replyTo()
        .tell(new Differences(List.of(), true, completed.isDone() && differing.isEmpty()));
    return this;
  }

  /** How many usual entries it is as large as: a target with many LUNs is sent by itself. */
  private static int weight(ViewEntry entry) {
    return entry instanceof TargetEntry target ? 1 + target.luns().size() / LUNS_PER_ENTRY : 1;
  }

  private Behavior<Command> onDifferences(Differences differences) {
    for (ViewEntry entry : differences.entries()) {
      learnt |= apply(entry);
    }
    if (differences.last()) {
      if (differences.complete()) {
        completed.complete(null);
      } else if (learnt && !completed.isDone()) {
        // As long as each round brings something, the next one follows at once.
        learnt = false;
        return onSync(Sync.TICK);
      }
    }
    return this;
  }

  private Behavior<Command> onPeers(Peers listed) {
    Set<ActorRef<Command>> others = new HashSet<>(listed.peers());
    others.remove(getContext().getSelf());
    others.stream().filter(peer -> !peers.contains(peer)).forEach(this::compareWith);
    peers = others;
    return this;
  }

  private Behavior<Command> onSync(Sync tick) {
    if (!peers.isEmpty()) {
      int chosen = ThreadLocalRandom.current().nextInt(peers.size());
      peers.stream().skip(chosen).findFirst().ifPresent(this::compareWith);
    }
    compareWithAMember();
    return this;
  }

  /**
   * Compares with the replica of a random member by its path as well: a listing of replicas that
   * did not arrive must not leave this one behind (seen once in many starts of a busy host).
   */
  private void compareWithAMember() {
    List<Address> members = memberAddresses.get();
    if (!members.isEmpty()) {
      Address chosen = members.get(ThreadLocalRandom.current().nextInt(members.size()));
      Adapter.toClassic(getContext().getSystem())
          .actorSelection(chosen + getContext().getSelf().path().toStringWithoutAddress())
          .tell(
              new Compare(digests(), getContext().getSelf()),
              org.apache.pekko.actor.ActorRef.noSender());
    }
  }

  private void compareWith(ActorRef<Command> peer) {
    peer.tell(new Compare(digests(), getContext().getSelf()));
  }

  private boolean apply(ViewEntry entry) {
    boolean newer = view.apply(entry);
    if (newer) {
      onChange.accept(entry);
    }
    return newer;
  }

  private long[] digests() {
    long[] digests = new long[BUCKETS];
    for (ViewEntry entry : view.entries()) {
      // Addition, so that the order does not matter; the multiplication spreads close versions.
      long mixed = (entry.entityId().hashCode() * 31L + entry.version()) * 0x9E3779B97F4A7C15L;
      digests[bucket(entry.entityId())] += mixed ^ (mixed >>> 29);
    }
    return digests;
  }

  private static int bucket(String entityId) {
    return Math.floorMod(entityId.hashCode(), BUCKETS);
  }
}
