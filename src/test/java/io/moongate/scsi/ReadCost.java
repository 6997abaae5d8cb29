package io.moongate.scsi;

import io.moongate.scsi.shared.UnitPeers;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;

/**
 * Measures what a READ of 4 KiB costs from {@link BlockUnit#execute} to its reply, with a volume in
 * memory that completes at once. To be run by hand; nothing is asserted.
 *
 * <p>Arguments: threads (1), commands in flight beside them that never complete (0).
 */
final class ReadCost {
  private static final int ROUNDS = 8;
  private static final int COMMANDS = 2_000_000;

  private ReadCost() {}

  public static void main(String[] arguments) throws InterruptedException {
    int threads = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1;
    int beside = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 0;
    UnitFixture fixture = new UnitFixture(UnitFixture.GEOMETRY, settings());
    BlockUnit unit =
        new BlockUnit(
            UnitFixture.IDENTITY,
            UnitFixture.GEOMETRY,
            () -> fixture.queried,
            now -> true,
            UnitPeers.ALONE,
            settings());
    unit.attach(UnitFixture.NEXUS);
    Quick volume = new Quick();
    unit.publish(UnitFixture.states(1, 5, true), new Route.Local(volume));
    run(unit, 1);
    volume.completes = false;
    for (int i = 0; i < beside; i++) {
      unit.execute(command(i), response -> {});
    }
    volume.completes = true;
    for (int round = 0; round < ROUNDS; round++) {
      CountDownLatch done = new CountDownLatch(threads);
      long begin = System.nanoTime();
      for (int i = 0; i < threads; i++) {
        new Thread(
                () -> {
                  run(unit, COMMANDS);
                  done.countDown();
                })
            .start();
      }
      done.await();
      long nanos = (System.nanoTime() - begin) / COMMANDS;
      System.out.println(nanos + " ns per READ and thread");
    }
  }

  /** Copies the data, and writes nothing down. */
  private static final class Quick extends FakeVolume {
    private final byte[] content = new byte[(int) UnitFixture.GEOMETRY.size()];
    private volatile boolean completes = true;

    Quick() {
      super(UnitFixture.GEOMETRY);
    }

    @Override
    public CompletionStage<Void> read(long offset, ByteBuffer target) {
      if (!completes) {
        return new CompletableFuture<>();
      }
      target.put(content, (int) offset, target.remaining());
      return CompletableFuture.completedFuture(null);
    }
  }

  private static ScsiSettings settings() {
    ScsiSettings small = UnitFixture.SETTINGS;
    return new ScsiSettings(
        new io.moongate.scsi.task.TaskLimits(1024, 512, 256, 1 << 26),
        small.maxTransfer(),
        small.maxCompareAndWrite(),
        small.maxUnmap(),
        small.maxUnmapDescriptors(),
        small.maxWriteSame(),
        false);
  }

  private static Command command(int lba) {
    byte[] cdb = {0x28, 0, 0, 0, (byte) (lba >> 8), (byte) lba, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0};
    return new Command(
        UnitFixture.NEXUS,
        lba,
        TaskAttribute.SIMPLE,
        cdb,
        ByteBuffer.allocate(0),
        4096,
        System.nanoTime() + 10_000_000_000L);
  }

  private static void run(BlockUnit unit, int commands) {
    Random random = new Random(1);
    long[] bytes = new long[1];
    for (int i = 0; i < commands; i++) {
      unit.execute(
          command(random.nextInt(1000)), response -> bytes[0] += response.dataIn().remaining());
    }
    if (commands > 1 && bytes[0] != commands * 4096L) {
      throw new IllegalStateException("only " + bytes[0] + " bytes were read");
    }
  }
}
