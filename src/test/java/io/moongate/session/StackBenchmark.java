package io.moongate.session;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.moongate.scsi.BlockUnit;
import io.moongate.scsi.Naa;
import io.moongate.scsi.Route;
import io.moongate.scsi.ScsiSettings;
import io.moongate.scsi.UnitIdentity;
import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.alua.TargetPortGroup;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.transport.Outgoing;
import io.moongate.volume.Volume;
import io.moongate.volume.memory.MemoryVolumeStore;
import io.moongate.wire.DigestSettings;
import io.moongate.wire.InitiatorPdu;
import io.moongate.wire.PduEncoder;
import java.io.File;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A command through everything that a gateway has but sockets: framing, codec, session stage,
 * device server, task set, and a volume in memory. One at a time, on one thread: what is measured
 * is the work, and no wait. The initiator's own share is a copy of the request.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class StackBenchmark {
  /** Those of one invocation: the wake-up of the stream is a small part of it. */
  private static final int COMMANDS = 1000;

  private static final int BLOCK = 4096;
  private static final int SIZE = 4 << 20;
  private static final long EPOCH = 5;
  private static final int ATTENTIONS = 8;

  private ActorTestKit kit;
  private LoopInitiator initiator;
  private byte[] ready;
  private byte[] read;
  private byte[] write;

  @Setup
  public void start() throws InterruptedException {
    Config config = Harness.config("").withFallback(ConfigFactory.load());
    kit = ActorTestKit.create("stack", config);
    SessionSettings settings = SessionSettings.from(config);
    Flow<ByteString, ByteString, ?> connection =
        IscsiServer.connection(
                settings,
                FakeDirectory.of(unit()),
                new SessionRegistry(settings),
                "192.0.2.1:1024",
                "192.0.2.2:3260")
            .map(Outgoing::intoBytes);
    initiator = new LoopInitiator();
    connection.join(Flow.fromGraph(initiator)).run(Materializer.createMaterializer(kit.system()));
    ByteString keys = Harness.text(TestInitiator.keys(Harness.INITIATOR, FakeDirectory.TARGET));
    ByteString answer =
        initiator.exchange(
            bytes(
                new InitiatorPdu.LoginRequest(
                    true, false, 1, 3, 0, 0, Harness.ISID, 0, 0, 1, 1, 0, keys)));
    if (answer.apply(36) != 0 || (answer.apply(1) & 0x80) == 0) {
      throw new IllegalStateException("not logged in");
    }
    ready = command(new byte[16], false, false, ByteString.emptyByteString());
    read = command(cdb(0x88), true, false, ByteString.emptyByteString());
    write = command(cdb(0x8A), false, true, ByteString.fromArray(new byte[BLOCK]));
    settle();
  }

  /** The unit attentions of a new nexus are told first. */
  private void settle() throws InterruptedException {
    for (int i = 0; i < ATTENTIONS; i++) {
      try {
        initiator.command(ready, 1);
        return;
      } catch (IllegalStateException attention) {
        continue;
      }
    }
    throw new IllegalStateException("the unit does not become ready");
  }

  private static BlockUnit unit() {
    MemoryVolumeStore store = new MemoryVolumeStore(2L * SIZE);
    String id = "0b9e3d0e-32f1-4d6e-8f65-3f9de2c2a111";
    store.create(id, SIZE, 512).toCompletableFuture().join();
    Volume volume = store.open(id).toCompletableFuture().join();
    volume.fence(EPOCH).toCompletableFuture().join();
    volume.write(0, ByteBuffer.allocate(SIZE), false).toCompletableFuture().join();
    BlockUnit unit =
        new BlockUnit(
            new UnitIdentity(id, Naa.of(0x3123_4567_89AB_CDEFL), "SN0001", "VOLUME"),
            volume.geometry(),
            () -> new CompletableFuture<>(),
            now -> true,
            UnitPeers.ALONE,
            ScsiSettings.from(ConfigFactory.parseFile(new File("conf/scsi.conf")).resolve()));
    TargetPortGroup group =
        new TargetPortGroup(FakeDirectory.GROUP, AccessState.ACTIVE_OPTIMIZED, true, List.of(1));
    unit.publish(
        new PathStates(1, EPOCH, true, FakeDirectory.GROUP, 10, List.of(group)),
        new Route.Local(volume));
    return unit;
  }

  private static byte[] cdb(int operation) {
    ByteBuffer cdb = ByteBuffer.allocate(16).put(0, (byte) operation);
    return cdb.putLong(2, 1024).putInt(10, BLOCK / 512).array();
  }

  private static byte[] command(byte[] cdb, boolean reads, boolean writes, ByteString data) {
    return bytes(
        new InitiatorPdu.ScsiCommand(
            false,
            true,
            reads,
            writes,
            1,
            0,
            1,
            reads || writes ? BLOCK : 0,
            1,
            0,
            ByteString.fromArray(cdb),
            0,
            data));
  }

  private static byte[] bytes(InitiatorPdu pdu) {
    return new PduEncoder(new DigestSettings()).encode(pdu).toArray();
  }

  @TearDown
  public void stop() {
    kit.shutdownTestKit();
  }

  /** TEST UNIT READY: everything but data and the medium. */
  @Benchmark
  @OperationsPerInvocation(COMMANDS)
  public ByteString testUnitReady() throws InterruptedException {
    return initiator.command(ready, COMMANDS);
  }

  @Benchmark
  @OperationsPerInvocation(COMMANDS)
  public ByteString readOf4KiB() throws InterruptedException {
    ByteString answer = initiator.command(read, COMMANDS);
    if (answer.length() < BLOCK) {
      throw new IllegalStateException(answer.length() + " bytes");
    }
    return answer;
  }

  @Benchmark
  @OperationsPerInvocation(COMMANDS)
  public ByteString writeOf4KiB() throws InterruptedException {
    return initiator.command(write, COMMANDS);
  }
}
