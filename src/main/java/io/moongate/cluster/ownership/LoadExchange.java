package io.moongate.cluster.ownership;

import io.moongate.cluster.CborSerializable;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;

/** Measures the load of the units that this gateway serves, and tells the other gateways. */
public final class LoadExchange extends AbstractBehavior<LoadExchange.Command> {

  /** Where they find one another. */
  public static final ServiceKey<Command> SERVICE =
      ServiceKey.create(Command.class, "load-exchange");

  /** Units in a message: well below the largest that the cluster's transport takes. */
  static final int PORTION = 1_000;

  private static final Duration LONGEST = Duration.ofSeconds(5);
  private static final Duration SHORTEST = Duration.ofMillis(300);

  /** Measurements within the time over which they are averaged. */
  private static final int MEASUREMENTS = 10;

  /** A message to the exchange. */
  public sealed interface Command extends CborSerializable {}

  /**
   * Loads of units that another gateway serves, in operations a second; those that have none are
   * not among them. There may be several such messages, and there is one also when there is nothing
   * to tell.
   */
  public record Told(String gateway, Map<String, Double> loads) implements Command {}

  /** What a gateway knows of all units, for one that has just come and may own some of them. */
  public record Remembered(Map<String, Double> loads) implements Command {}

  private record Exchanges(Set<ActorRef<Command>> exchanges) implements Command {}

  private enum Measure implements Command {
    TICK
  }

  private final String self;
  private final UnitLoads loads;
  private final Supplier<Map<String, Double>> work;
  private Set<ActorRef<Command>> others = Set.of();

  private LoadExchange(
      ActorContext<Command> context,
      String self,
      UnitLoads loads,
      Supplier<Map<String, Double>> work) {
    super(context);
    this.self = self;
    this.loads = loads;
    this.work = work;
  }

  /**
   * Makes the exchange of this gateway.
   *
   * @param self name of the gateway
   * @param loads where all loads are kept
   * @param window over which they are averaged
   * @param work by unit that this gateway serves, what has been done so far, in operations
   */
  public static Behavior<Command> create(
      String self, UnitLoads loads, Duration window, Supplier<Map<String, Double>> work) {
    return Behaviors.supervise(exchange(self, loads, window, work))
        .onFailure(SupervisorStrategy.restart());
  }

  private static Behavior<Command> exchange(
      String self, UnitLoads loads, Duration window, Supplier<Map<String, Double>> work) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  Receptionist receptionist = Receptionist.get(context.getSystem());
                  receptionist.ref().tell(Receptionist.register(SERVICE, context.getSelf()));
                  receptionist
                      .ref()
                      .tell(
                          Receptionist.subscribe(
                              SERVICE,
                              context.messageAdapter(
                                  Receptionist.Listing.class,
                                  listing -> new Exchanges(listing.getServiceInstances(SERVICE)))));
                  timers.startTimerWithFixedDelay(Measure.TICK, interval(window));
                  return new LoadExchange(context, self, loads, work);
                }));
  }

  private static Duration interval(Duration window) {
    Duration part = window.dividedBy(MEASUREMENTS);
    if (part.compareTo(LONGEST) > 0) {
      return LONGEST;
    }
    return part.compareTo(SHORTEST) < 0 ? SHORTEST : part;
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Exchanges.class, this::onExchanges)
        .onMessage(Told.class, this::onTold)
        .onMessage(Remembered.class, this::onRemembered)
        .onMessage(Measure.class, this::onMeasure)
        .build();
  }

  private Behavior<Command> onExchanges(Exchanges listed) {
    Set<ActorRef<Command>> now = new HashSet<>(listed.exchanges());
    now.remove(getContext().getSelf());
    Set<ActorRef<Command>> fresh = new HashSet<>(now);
    fresh.removeAll(others);
    others = now;
    inPortions(loads.all(), Remembered::new, fresh);
    return this;
  }

  private Behavior<Command> onTold(Told told) {
    loads.told(told.gateway(), told.loads());
    return this;
  }

  private Behavior<Command> onRemembered(Remembered remembered) {
    loads.remembered(remembered.loads());
    return this;
  }

  private Behavior<Command> onMeasure(Measure tick) {
    Map<String, Double> own = loads.measure(work.get());
    if (own.isEmpty()) {
      others.forEach(other -> other.tell(new Told(self, own)));
    }
    inPortions(own, portion -> new Told(self, portion), others);
    return this;
  }

  private static void inPortions(
      Map<String, Double> all,
      Function<Map<String, Double>, Command> message,
      Set<ActorRef<Command>> receivers) {
    Map<String, Double> portion = new HashMap<>();
    int left = all.size();
    for (Map.Entry<String, Double> each : all.entrySet()) {
      portion.put(each.getKey(), each.getValue());
      left--;
      if (left == 0 || portion.size() == PORTION) {
        Command told = message.apply(portion);
        receivers.forEach(receiver -> receiver.tell(told));
        portion = new HashMap<>();
      }
    }
  }
}
