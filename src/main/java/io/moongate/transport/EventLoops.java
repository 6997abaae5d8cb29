package io.moongate.transport;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.dispatch.DispatcherConfigurator;
import org.apache.pekko.dispatch.Dispatchers;
import org.apache.pekko.stream.ActorAttributes;
import org.apache.pekko.stream.Attributes;

/** The event loops of an actor system: dispatchers that connections are dealt to in turn. */
final class EventLoops {
  private static final String PREFIX = "moongate.transport.loop-";

  private static final String DISPATCHER =
      """
      type = Dispatcher
      executor = "%s"
      throughput = 16
      """
          .formatted(EventLoopExecutor.class.getName());

  private final int count;
  private final AtomicInteger next = new AtomicInteger();

  /**
   * The loops of that system; whoever asks again has the same.
   *
   * @param count how many, at least 1
   */
  EventLoops(ActorSystem system, int count) {
    this.count = count;
    Dispatchers dispatchers = system.dispatchers();
    for (int i = 0; i < count; i++) {
      String id = PREFIX + i;
      if (!dispatchers.hasDispatcher(id)) {
        Config config =
            ConfigFactory.parseString(DISPATCHER)
                .withFallback(
                    ConfigFactory.parseString("id = \"" + id + "\", name = \"" + id + "\""))
                .withFallback(dispatchers.defaultDispatcherConfig());
        dispatchers.registerConfigurator(
            id, new DispatcherConfigurator(config, dispatchers.prerequisites()));
      }
    }
  }

  /** What puts a stream on the loop whose turn it is. */
  Attributes next() {
    return ActorAttributes.dispatcher(PREFIX + Math.floorMod(next.getAndIncrement(), count));
  }
}
