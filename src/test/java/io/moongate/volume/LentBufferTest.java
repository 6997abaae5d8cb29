package io.moongate.volume;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LentBufferTest {
  private static final int KIB = 1024;

  @Test
  void whatIsShortIsOfTheHeap() {
    BufferPool pool = new BufferPool(1 << 20);
    LentBuffer buffer = LentBuffer.of(LentBuffer.SHORTEST - 512, pool);
    assertFalse(buffer.bytes().isDirect());
    buffer.giveBack();
    assertEquals(0, pool.allocated());
  }

  @Test
  void whatIsGivenBackIsTheNextOnes() {
    BufferPool pool = new BufferPool(1 << 20);
    for (int i = 0; i < 100; i++) {
      LentBuffer buffer = LentBuffer.of(100 * KIB, pool);
      assertTrue(buffer.bytes().isDirect());
      assertEquals(100 * KIB, buffer.bytes().remaining());
      buffer.giveBack();
    }
    assertEquals(128 * KIB, pool.allocated());
  }

  @Test
  void whatIsGivenBackTwiceIsLentOnce() {
    BufferPool pool = new BufferPool(1 << 20);
    LentBuffer buffer = LentBuffer.of(64 * KIB, pool);
    buffer.giveBack();
    buffer.giveBack();
    ByteBuffer one = pool.take(64 * KIB);
    ByteBuffer other = pool.take(64 * KIB);
    assertNotSame(one, other);
    buffer.giveBack();
    assertNotSame(one, pool.take(64 * KIB));
  }

  @Test
  void thereIsNeverMoreThanTheLimit() {
    BufferPool pool = new BufferPool(512 * KIB);
    List<LentBuffer> lent =
        IntStream.range(0, 6).mapToObj(i -> LentBuffer.of(128 * KIB, pool)).toList();
    assertEquals(4, lent.stream().filter(each -> each.bytes().isDirect()).count());
    assertEquals(512 * KIB, pool.allocated());
    lent.forEach(LentBuffer::giveBack);
    assertTrue(LentBuffer.of(40 * KIB, pool).bytes().isDirect(), "a longer one will do");
  }

  @Test
  void whatIsTooLongIsOfTheHeap() {
    BufferPool pool = new BufferPool(64 << 20);
    assertTrue(LentBuffer.of(BufferPool.LARGEST, pool).bytes().isDirect());
    assertFalse(LentBuffer.of(BufferPool.LARGEST + 512, pool).bytes().isDirect());
  }

  @Test
  void everySizeHasOneThatIsLongEnough() {
    BufferPool pool = new BufferPool(64 << 20);
    for (int bytes = 512; bytes <= BufferPool.LARGEST; bytes += 512) {
      ByteBuffer piece = pool.take(bytes);
      assertTrue(piece.capacity() >= bytes, () -> piece.toString());
      assertTrue(piece.capacity() < 2 * Math.max(bytes, 32 * KIB), () -> piece.toString());
      pool.put(piece);
      assertSame(piece, pool.take(piece.capacity()));
      pool.put(piece);
    }
  }

  /** What nobody gave back makes room when the collector has it. */
  @Test
  void whatIsForgottenMakesRoomAgain() throws InterruptedException {
    BufferPool pool = new BufferPool(128 * KIB);
    pool.take(128 * KIB);
    assertNull(pool.take(128 * KIB));
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (pool.allocated() > 0) {
      assertTrue(System.nanoTime() < until);
      System.gc();
      Thread.sleep(10);
    }
    assertEquals(128 * KIB, pool.take(128 * KIB).capacity());
  }

  @Test
  void oneSizeLeavesTheOthersTheirRoom() {
    BufferPool pool = new BufferPool(1 << 20);
    List<ByteBuffer> short32 = IntStream.range(0, 32).mapToObj(i -> pool.take(32 * KIB)).toList();
    assertEquals(32, short32.stream().filter(piece -> piece.capacity() == 32 * KIB).count());
    assertEquals(64 * KIB, pool.take(64 * KIB).capacity());
    assertEquals(1024 * KIB, pool.take(1024 * KIB).capacity());
    assertNull(pool.take(1024 * KIB));
  }

  @Test
  void nobodyHasWhatAnotherHas() {
    BufferPool pool = new BufferPool(2 << 20);
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      long mine = seed + i;
      all.add(
          CompletableFuture.runAsync(
              () -> {
                Random random = new Random(mine);
                for (int turn = 0; turn < 5_000; turn++) {
                  LentBuffer buffer = LentBuffer.of(512 * (1 + random.nextInt(2048)), pool);
                  ByteBuffer bytes = buffer.bytes();
                  int last = bytes.limit() - Long.BYTES;
                  bytes.putLong(0, mine + turn).putLong(last, mine - turn);
                  Thread.yield();
                  assertEquals(mine + turn, bytes.getLong(0));
                  assertEquals(mine - turn, bytes.getLong(last));
                  buffer.giveBack();
                }
              }));
    }
    all.forEach(CompletableFuture::join);
    assertTrue(pool.allocated() <= (long) BufferPool.SIZES * (2 << 20));
  }
}
