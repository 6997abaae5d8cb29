package io.moongate.relay;

import io.moongate.scsi.Command;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.TaskAttribute;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;

/**
 * Not a test: prints what relaying a 4 KiB read costs over the loopback, client and owner in one
 * process, with a unit that answers at once.
 */
final class RelayMeasurement {
  private RelayMeasurement() {}

  public static void main(String[] arguments) throws InterruptedException {
    ActorTestKit testKit = ActorTestKit.create();
    FakeUnit unit = new FakeUnit();
    byte[] block = new byte[4096];
    unit.behaviour = e -> e.reply().accept(Response.data(ByteBuffer.wrap(block)));
    UUID owner = UUID.randomUUID();
    RelaySettings settings = TestSettings.with("");
    RelayServer server =
        RelayServer.bind(testKit.system(), settings, owner, id -> Optional.<LogicalUnit>of(unit))
            .toCompletableFuture()
            .join();
    RelayClient client =
        RelayClient.connect(
            testKit.system(),
            settings,
            new Sender("measurement", UUID.randomUUID(), 1),
            "127.0.0.1",
            server.address().getPort(),
            owner);
    for (int round = 0; round < 3; round++) {
      for (int depth : new int[] {1, 32, 128}) {
        measure(client, depth, round == 0 ? 20_000 : 40_000 + depth * 2_000);
      }
    }
    client.peerDead();
    server.close();
    testKit.shutdownTestKit();
  }

  private static void measure(RelayClient client, int depth, int count)
      throws InterruptedException {
    Nexus nexus = new Nexus("iqn.1994-05.com.example:host", 1, "iqn.2024-01.example:target", 1);
    byte[] cdb = new byte[16];
    ByteBuffer none = ByteBuffer.allocate(0);
    Semaphore slots = new Semaphore(depth);
    CountDownLatch done = new CountDownLatch(count);
    AtomicLong latency = new AtomicLong();
    AtomicLong busy = new AtomicLong();
    long begin = System.nanoTime();
    for (int i = 0; i < count; i++) {
      slots.acquire();
      long start = System.nanoTime();
      client.forward(
          "8f0f6d54-0000-4000-8000-000000000001",
          1,
          new Command(
              nexus, i, TaskAttribute.SIMPLE, cdb, none, 4096, System.nanoTime() + 3_000_000_000L),
          response -> {
            latency.addAndGet(System.nanoTime() - start);
            if (response.dataIn().remaining() != 4096) {
              busy.incrementAndGet();
            }
            slots.release();
            done.countDown();
          });
    }
    done.await();
    double seconds = (System.nanoTime() - begin) / 1e9;
    System.out.printf(
        "depth %d: %.0f/s, mean %.0f us, %d not answered with data%n",
        depth, count / seconds, latency.get() / 1e3 / count, busy.get());
  }
}
