package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/**
 * An owner gives up what hangs in Ceph: whoever waits is answered, and nothing of it lands late.
 */
class RbdAbandonIT extends PoolFixture {
  private static final int BLOCK = OldOwner.BLOCK;
  private static final int BLOCKS = 64;

  @Test
  void whatHangsIsAnsweredAndTheNextOwnerIsSafeFromIt() throws IOException {
    abandoned(2);
  }

  /** A move that was taken back leaves the epoch as it was; the client is another one. */
  @Test
  void soIsTheSameOwnerThatOpensItAnewUnderTheSameEpoch() throws IOException {
    abandoned(1);
  }

  private void abandoned(long nextEpoch) throws IOException {
    get(store.create("unit", 16 << 20, BLOCK));
    Volume old = get(store.open("unit"));
    get(old.fence(1));
    assertTrue(old.isAbandonable());
    List<CompletionStage<?>> hanging = new ArrayList<>();
    CompletableFuture<Void> closed;
    Volume next;
    signal("STOP");
    try {
      for (int block = 0; block < BLOCKS; block++) {
        hanging.add(old.write((long) block * BLOCK, OldOwner.block("old"), true));
      }
      hanging.add(old.read(0, ByteBuffer.allocate(BLOCK)));
      hanging.add(old.compareAndWrite(0, ByteBuffer.allocate(BLOCK), OldOwner.block("old"), true));
      hanging.add(old.writeAtomic((4 << 20) - BLOCK, ByteBuffer.allocate(2 * BLOCK)));
      hanging.add(old.flush());
      old.abandon();
      hanging.forEach(stage -> assertReason(Reason.FENCED, stage));
      assertEquals(0, old.health().underWay());
      assertReason(Reason.FENCED, old.write(0, OldOwner.block("old"), true));
      assertReason(Reason.FENCED, old.read(0, ByteBuffer.allocate(BLOCK)));
      closed = old.close().toCompletableFuture();
      assertFalse(closed.isDone(), "librbd is at it still");
    } finally {
      signal("CONT");
    }
    long blocked = blocklisted();
    next = get(store.open("unit"));
    get(next.fence(nextEpoch));
    assertEquals(blocked + 1, blocklisted(), "its client is refused from here on");
    List<CompletionStage<Void>> writes = new ArrayList<>();
    for (int block = 0; block < BLOCKS; block++) {
      writes.add(next.write((long) block * BLOCK, OldOwner.block("new"), true));
    }
    writes.forEach(PoolFixture::get);
    closed.handle((done, failure) -> null).join();
    ByteBuffer all = ByteBuffer.allocate(BLOCKS * BLOCK);
    get(next.read(0, all));
    for (int block = 0; block < BLOCKS; block++) {
      assertEquals(OldOwner.block("new"), all.slice(block * BLOCK, BLOCK), "block " + block);
    }
    get(next.close());
  }

  private long blocklisted() {
    return ceph.ceph("osd", "blocklist", "ls").lines().filter(line -> !line.isBlank()).count();
  }

  private void signal(String signal) throws IOException {
    for (Process osd : ceph.osds()) {
      OtherProcess.signal(osd.pid(), signal);
    }
  }
}
