package io.moongate.transport;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.dispatch.DispatcherConfigurator;
import org.apache.pekko.dispatch.Dispatchers;
import org.apache.pekko.stream.ActorAttributes;
import org.apache.pekko.stream.Attributes;

/**
 * The event loops of an actor system: dispatchers, among which connections are divided. They live
 * as long as it does.
 */
final class EventLoops {
  private static final String PREFIX = "moongate.transport.loop-";

  /**
   * A dispatcher gives its thread back when it has had no work for so long: never, as a connection
   * could come in that very moment.
   */
  private static final String DISPATCHER =
      """
      id = "%s"
      type = Dispatcher
      executor = "%s"
      throughput = 16
      shutdown-timeout = 200 days
      """;

  private static final Map<ActorSystem, EventLoops> OF_SYSTEMS =
      Collections.synchronizedMap(new WeakHashMap<>());

  private final List<Loop> loops = new ArrayList<>();

  /** A dispatcher and how many connections it has. */
  private record Loop(String dispatcher, AtomicInteger connections) {}

  /** A connection's place on a loop. */
  static final class Place {
    private final Loop loop;
    private final AtomicBoolean counts;

    private Place(Loop loop, boolean counts) {
      this.loop = loop;
      this.counts = new AtomicBoolean(counts);
    }

    /** What puts the connection's stream there. */
    Attributes attributes() {
      return ActorAttributes.dispatcher(loop.dispatcher());
    }

    /** The connection has ended. More than once is fine. */
    void leave() {
      if (counts.compareAndSet(true, false)) {
        loop.connections().decrementAndGet();
      }
    }
  }

  private EventLoops() {}

  /**
   * The loops of that system, which run when this returns.
   *
   * @param count how many there are to be at least, 1 or more
   * @throws RuntimeException when one can't be started, for lack of descriptors or memory
   */
  static EventLoops of(ActorSystem system, int count) {
    EventLoops loops = OF_SYSTEMS.computeIfAbsent(system, first -> new EventLoops());
    loops.start(system.dispatchers(), count);
    return loops;
  }

  private synchronized void start(Dispatchers dispatchers, int count) {
    while (loops.size() < count) {
      String id = PREFIX + loops.size();
      Config config =
          ConfigFactory.parseString(DISPATCHER.formatted(id, EventLoopExecutor.class.getName()))
              .withFallback(dispatchers.defaultDispatcherConfig());
      dispatchers.registerConfigurator(
          id, new DispatcherConfigurator(config, dispatchers.prerequisites()));
      int number = loops.size();
      // Which makes its thread, too.
      dispatchers.lookup(id).execute(() -> EventLoop.current().number(number));
      loops.add(new Loop(id, new AtomicInteger()));
    }
  }

  /** A place on the loop that has the fewest connections. */
  synchronized Place take() {
    Loop least = Collections.min(loops, Comparator.comparingInt(loop -> loop.connections().get()));
    least.connections().incrementAndGet();
    return new Place(least, true);
  }

  /**
   * A place on the loop of that number, which is there: 0 and up. It keeps nobody else from the
   * loop: whoever wants this one wants to be where others are.
   */
  synchronized Place take(int number) {
    return new Place(loops.get(number), false);
  }

  /** How many there are. */
  synchronized int count() {
    return loops.size();
  }
}
