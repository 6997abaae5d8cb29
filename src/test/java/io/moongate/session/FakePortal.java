package io.moongate.session;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;

/** The product's own iSCSI server on loopback, with a disk in memory as LUN 0. */
public final class FakePortal implements AutoCloseable {
  private final ExecutorService store = Executors.newFixedThreadPool(2);
  private final ActorTestKit kit;
  private final FakeUnit unit;
  private final SessionRegistry registry;
  private final IscsiServer server;

  private FakePortal(int size, String changed)
      throws IOException, InterruptedException, ExecutionException {
    Config config = Harness.config(changed).withFallback(ConfigFactory.load());
    kit = ActorTestKit.create("portal", config);
    unit = new FakeUnit(size, store);
    SessionSettings settings = SessionSettings.from(config);
    registry = new SessionRegistry(settings);
    server =
        IscsiServer.bind(kit.system(), "127.0.0.1", 0, settings, FakeDirectory.of(unit), registry)
            .toCompletableFuture()
            .get();
  }

  /**
   * Starts one.
   *
   * @param size bytes of the disk
   * @param changed settings that are other than the defaults (HOCON)
   */
  public static FakePortal start(int size, String changed) throws Exception {
    return new FakePortal(size, changed);
  }

  public InetSocketAddress address() {
    return server.localAddress();
  }

  /** The name of the target. */
  public static String target() {
    return FakeDirectory.TARGET;
  }

  /** What is on the disk. */
  public byte[] blocks() {
    return unit.blocks();
  }

  /** How many sessions there are. */
  public int sessions() {
    return registry.sessions().size();
  }

  @Override
  public void close() {
    kit.shutdownTestKit();
    store.shutdownNow();
  }
}
