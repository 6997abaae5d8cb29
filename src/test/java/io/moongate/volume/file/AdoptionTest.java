package io.moongate.volume.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A volume becomes another unit's: what is on record, and who is kept out. */
class AdoptionTest {
  private static final String FORMER = "11111111-1111-1111-1111-111111111111";
  private static final String UNIT = "22222222-2222-2222-2222-222222222222";
  private static final String NEXT = "33333333-3333-3333-3333-333333333333";
  private static final int BLOCK = 512;

  @TempDir Path directory;
  private FileVolumeStore store;
  private FileVolumeStore other;

  @BeforeEach
  void open() throws IOException {
    store = newStore();
    other = newStore();
    await(store.create(FORMER, 1 << 20, BLOCK));
  }

  @AfterEach
  void close() {
    store.close();
    other.close();
  }

  private FileVolumeStore newStore() throws IOException {
    return new FileVolumeStore(new FileStoreSettings(directory, 4, 64, Duration.ofSeconds(30)));
  }

  private static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private static void refused(Reason reason, CompletionStage<?> stage) {
    Throwable failure = assertThrows(CompletionException.class, () -> await(stage)).getCause();
    assertEquals(
        reason, assertInstanceOf(VolumeException.class, failure).reason(), failure.getMessage());
  }

  private static ByteBuffer block(int content) {
    byte[] bytes = new byte[BLOCK];
    java.util.Arrays.fill(bytes, (byte) content);
    return ByteBuffer.wrap(bytes);
  }

  private static byte[] read(Volume volume) {
    ByteBuffer block = ByteBuffer.allocate(BLOCK);
    await(volume.read(0, block));
    return block.array();
  }

  private void adopt(String unitId, String former) {
    assertEquals(1L << 20, await(store.adopt(FORMER, unitId, Optional.of(former), BLOCK)));
  }

  @Test
  void itsContentStaysAndItsEpochsBeginAnew() {
    Volume before = await(store.open(FORMER, FORMER));
    await(before.fence(7));
    await(before.write(0, block(1), true));
    await(before.close());
    adopt(UNIT, FORMER);
    Volume now = await(store.open(FORMER, UNIT));
    assertEquals(1L << 20, now.geometry().size());
    await(now.fence(1));
    assertArrayEquals(block(1).array(), read(now));
    await(now.write(0, block(2), true));
    await(now.close());
  }

  @Test
  void whoeverHasItOpenForTheUnitBeforeIsFenced() {
    Volume stale = await(other.open(FORMER, FORMER));
    await(stale.fence(7));
    adopt(UNIT, FORMER);
    Volume now = await(store.open(FORMER, UNIT));
    await(now.fence(1));
    await(now.write(0, block(2), true));
    refused(Reason.FENCED, stale.write(0, block(1), true));
    refused(Reason.FENCED, stale.read(0, ByteBuffer.allocate(BLOCK)));
    refused(Reason.FENCED, stale.fence(8));
    assertArrayEquals(block(2).array(), read(now));
    await(stale.close());
    await(now.close());
  }

  /** The unit before can't be served any more, however high its epoch. */
  @Test
  void theUnitBeforeDoesNotOpenIt() {
    Volume opened = await(other.open(FORMER, FORMER));
    adopt(UNIT, FORMER);
    refused(Reason.FENCED, store.open(FORMER, FORMER));
    refused(Reason.FENCED, opened.fence(Long.MAX_VALUE / 2));
    await(opened.close());
  }

  @Test
  void repeatedForTheSameUnitNothingChanges() throws IOException {
    adopt(UNIT, FORMER);
    Volume now = await(store.open(FORMER, UNIT));
    await(now.fence(3));
    Adoption before = Adoption.of(directory.resolve(FORMER)).orElseThrow();
    adopt(UNIT, FORMER);
    assertEquals(before, Adoption.of(directory.resolve(FORMER)).orElseThrow());
    await(now.write(0, block(3), true));
    await(now.close());
  }

  @Test
  void ofTheNextUnitItIsOnlyWhenTheLastOneIsNamed() {
    adopt(UNIT, FORMER);
    refused(Reason.EXISTS, store.adopt(FORMER, NEXT, Optional.of(FORMER), BLOCK));
    refused(Reason.EXISTS, store.adopt(FORMER, NEXT, Optional.empty(), BLOCK));
    Volume served = await(store.open(FORMER, UNIT));
    await(served.fence(9));
    adopt(NEXT, UNIT);
    Volume now = await(store.open(FORMER, NEXT));
    await(now.fence(1));
    refused(Reason.FENCED, served.write(0, block(1), true));
    await(served.close());
    await(now.close());
  }

  @Test
  void whatDoesNotFitIsRefused() {
    refused(Reason.NOT_FOUND, store.adopt("nothing", UNIT, Optional.of("nothing"), BLOCK));
    refused(Reason.RANGE, store.adopt(FORMER, UNIT, Optional.of(FORMER), 4096));
    refused(Reason.EXISTS, store.adopt(FORMER, UNIT, Optional.empty(), BLOCK));
    refused(Reason.FENCED, store.open(FORMER, UNIT));
  }

  @Test
  void ofSeveralThatComeAtOnceOneAdoptsIt() throws Exception {
    long adopted =
        IntStream.range(0, 8)
            .mapToObj(
                at ->
                    (at % 2 == 0 ? store : other)
                        .adopt(
                            FORMER,
                            UNIT.replace('2', (char) ('a' + at)),
                            Optional.of(FORMER),
                            BLOCK)
                        .toCompletableFuture())
            .toList()
            .stream()
            .filter(done -> done.handle((size, failure) -> failure == null).join())
            .count();
    assertEquals(1, adopted);
    assertEquals(1, Adoption.of(directory.resolve(FORMER)).orElseThrow().number());
  }

  @Test
  void aRecordThatIsDamagedIsNoRecord() throws IOException {
    adopt(UNIT, FORMER);
    Path record = directory.resolve(FORMER).resolve("adopted-1");
    Files.writeString(record, Files.readString(record).replace("above=1", "above=2"));
    refused(Reason.IO, store.open(FORMER, UNIT));
  }

  @Test
  void itIsListedAsThatUnits() {
    adopt(UNIT, FORMER);
    assertEquals(
        Optional.of(UNIT), await(store.list("", 10)).get(0).unitId(), "and has no obstacle");
    assertEquals(Optional.empty(), await(store.list("", 10)).get(0).obstacle());
  }

  /** The former unit's deletion may come late, or from a cluster that knows nothing of the next. */
  @Test
  void aVolumeIsNotDeletedByTheUnitThatHadIt() {
    await(store.adopt(FORMER, UNIT, Optional.of(FORMER), BLOCK));
    await(other.delete(FORMER, FORMER));
    await(other.delete(FORMER));
    Volume volume = await(store.open(FORMER, UNIT));
    await(volume.fence(1));
    await(volume.write(0, block(3), true));
    await(other.delete(FORMER, FORMER));
    assertArrayEquals(block(3).array(), read(volume));
    await(volume.close());
    await(store.delete(FORMER, UNIT));
    refused(Reason.NOT_FOUND, store.open(FORMER, UNIT));
  }

  /** Two clusters that were restored from one export give one id, and count epochs alike. */
  @Test
  void ofTwoThatHaveTheSameUnitOneServes() {
    await(store.adopt(FORMER, UNIT, Optional.of(FORMER), BLOCK));
    Volume first = await(store.open(FORMER, UNIT));
    await(first.fence(1));
    await(other.adopt(FORMER, UNIT, Optional.of(FORMER), BLOCK));
    Volume second = await(other.open(FORMER, UNIT));
    await(second.fence(1));
    refused(Reason.FENCED, first.write(0, block(1), false));
    await(second.write(0, block(2), true));
    assertArrayEquals(block(2).array(), read(second));
    await(first.close());
    await(second.close());
  }
}
