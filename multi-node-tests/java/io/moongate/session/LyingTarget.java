package io.moongate.session;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.moongate.multinode.harness.Portal;
import io.moongate.multinode.harness.TestLun;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;

/**
 * A disk behind two portals that can be made to lie: what it does then, no gateway may ever do, and
 * whoever judges gateways must notice. (A test class in this package, as it uses the fakes there.)
 */
public final class LyingTarget implements AutoCloseable {
  private static final int SIZE = 8 << 20;

  /** Bytes of a block of the workload. */
  private static final int BLOCK = 4096;

  private final ExecutorService store = Executors.newFixedThreadPool(2);
  private final FakeUnit unit = new FakeUnit(SIZE, store);
  private final ActorTestKit kit;
  private final List<Portal> portals;

  private record Served(String name, InetSocketAddress portal) implements Portal {}

  private LyingTarget() throws Exception {
    Config config = Harness.config("").withFallback(ConfigFactory.load());
    kit = ActorTestKit.create("liar", config);
    portals = List.of(serve("one", config), serve("other", config));
  }

  public static LyingTarget start() throws Exception {
    return new LyingTarget();
  }

  private Portal serve(String name, Config config) throws Exception {
    SessionSettings settings = SessionSettings.from(config);
    IscsiServer server =
        IscsiServer.bind(
                kit.system(),
                "127.0.0.1",
                0,
                settings,
                FakeDirectory.of(unit),
                new SessionRegistry(settings))
            .toCompletableFuture()
            .get();
    return new Served(name, server.localAddress());
  }

  public List<Portal> portals() {
    return portals;
  }

  public TestLun lun() {
    return new TestLun(FakeDirectory.TARGET, 0, "fake", SIZE);
  }

  /** What all blocks hold now. */
  public byte[] remember() {
    synchronized (unit.blocks()) {
      return unit.blocks().clone();
    }
  }

  /**
   * Puts a block back to what it held once: an acknowledged write is lost, or an old one landed.
   *
   * @return whether that is another content than it has now
   */
  public boolean restore(byte[] old, int block) {
    return put(old, block * BLOCK, block * BLOCK, BLOCK);
  }

  /** Puts one sector of a block back: the write of the block was torn. */
  public boolean tear(byte[] old, int block, Random random) {
    int at = block * BLOCK + random.nextInt(BLOCK / 512) * 512;
    return put(old, at, at, 512);
  }

  /** Writes what one block holds to another too. */
  public boolean misplace(int from, int to) {
    synchronized (unit.blocks()) {
      return put(unit.blocks(), from * BLOCK, to * BLOCK, BLOCK);
    }
  }

  private boolean put(byte[] source, int from, int to, int length) {
    byte[] blocks = unit.blocks();
    synchronized (blocks) {
      if (Arrays.equals(source, from, from + length, blocks, to, to + length)) {
        return false;
      }
      System.arraycopy(source, from, blocks, to, length);
      return true;
    }
  }

  @Override
  public void close() {
    kit.shutdownTestKit();
    store.shutdownNow();
  }
}
