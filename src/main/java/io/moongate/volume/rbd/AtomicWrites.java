package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Writes that are all or nothing though they lie in several objects (docs/decisions/0019-rbd.md).
 * Within one object a write is so by itself, and does not come here.
 *
 * <p>What is to be written is first put into a journal, an object of its own, which Ceph replaces
 * at once or not at all; then into the image; then the journal is removed, and only then is the
 * write complete. There is one journal per image and so one such write at a time. A journal that is
 * there is one over whose blocks nothing has been written since, for their range is kept locked:
 * writing it again is right, and {@link #redo} does so when the image has a new owner.
 *
 * <p>After a failure in between, whatever it is, the volume is neither read nor written until it is
 * opened again: nothing newer may come to lie beneath a journal that is still there.
 */
final class AtomicWrites {
  /** Bytes of the longest write. */
  static final int LONGEST = 1 << 20;

  private static final long MAGIC = 0x4D47_5242_4441_5431L;
  private static final int HEADER = 64;
  private static final int CRC_AT = 8;
  private static final int LENGTH_AT = 12;
  private static final int OFFSET_AT = 16;

  private final RadosClient client;
  private final RbdImage image;
  private final FenceLatch latch;
  private final String journal;
  private final long pieceSize;
  private volatile VolumeException broken;

  AtomicWrites(RadosClient client, RbdImage image, FenceLatch latch) {
    this.client = client;
    this.image = image;
    this.latch = latch;
    this.journal = journal(image.id());
    this.pieceSize = image.pieceSize();
  }

  /** The name of the journal's object. */
  static String journal(String imageId) {
    return "moongate_atomic." + imageId;
  }

  /** Writes all or nothing; waits for it. */
  synchronized void write(long offset, ByteBuffer source) {
    requireIntact();
    latch.requireNotFenced();
    byte[] bytes = new byte[source.remaining()];
    source.get(bytes);
    byte[] record = encode(offset, bytes);
    long result = Librados.rados_write_full(client.pool(), journal, record, record.length);
    if (result < 0) {
      VolumeException failure = Errno.failure(result, "writing the journal of an atomic write");
      if (failure.reason() == Reason.FENCED) {
        throw broken(failure); // It can be there, and we can't remove it.
      }
      if (failure.reason() != Reason.FULL) {
        remove(); // Whether it is there or not.
      }
      throw failure;
    }
    apply(offset, bytes, true);
    remove();
  }

  /** Writes again what a former owner may have written in part. */
  synchronized void redo() {
    byte[] record = new byte[HEADER + LONGEST];
    int length = Librados.rados_read(client.pool(), journal, record, record.length, 0);
    if (length == -Errno.ENOENT) {
      return;
    }
    if (length < 0) {
      VolumeException failure = Errno.failure(length, "reading the journal of an atomic write");
      latch.note(failure);
      throw failure;
    }
    ByteBuffer header = ByteBuffer.wrap(record);
    int size = header.getInt(LENGTH_AT);
    if (length < HEADER
        || header.getLong(0) != MAGIC
        || size != length - HEADER
        || header.getInt(CRC_AT) != checksum(record, length)) {
      throw new VolumeException(Reason.IO, "the journal %s is damaged".formatted(journal));
    }
    byte[] bytes = new byte[size];
    System.arraycopy(record, HEADER, bytes, 0, size);
    apply(header.getLong(OFFSET_AT), bytes, false);
    remove();
  }

  /** Removes the journal of an image that is gone. */
  static void discard(RadosClient client, String imageId) {
    int result = Librados.rados_remove(client.pool(), journal(imageId));
    if (result != -Errno.ENOENT) {
      Errno.check(result, "removing the journal of atomic writes");
    }
  }

  /**
   * One object after the other: when there is no space for the first, nothing was done.
   *
   * @param fresh nobody has begun it before
   */
  private void apply(long offset, byte[] bytes, boolean fresh) {
    int at = 0;
    while (at < bytes.length) {
      int length = (int) Math.min(bytes.length - at, pieceSize - (offset + at) % pieceSize);
      try {
        latch.requireNotFenced();
        image.writeNow(offset + at, Arrays.copyOfRange(bytes, at, at + length));
        latch.requireNotFenced();
      } catch (VolumeException e) {
        if (fresh && at == 0 && e.reason() == Reason.FULL) {
          remove();
          throw e;
        }
        throw broken(e);
      }
      at += length;
    }
  }

  private void remove() {
    int result = Librados.rados_remove(client.pool(), journal);
    if (result < 0 && result != -Errno.ENOENT) {
      throw broken(Errno.failure(result, "removing the journal of an atomic write"));
    }
  }

  /** Whoever was fenced has a successor, who sees to the journal. */
  private VolumeException broken(VolumeException cause) {
    latch.note(cause);
    VolumeException why =
        cause.reason() == Reason.FENCED
            ? cause
            : new VolumeException(
                Reason.LOST, "an atomic write broke off; open the volume again", cause);
    broken = why;
    return why;
  }

  /** Whether one broke off, and not for a successor's sake. */
  boolean hasFailed() {
    VolumeException failure = broken;
    return failure != null && failure.reason() == Reason.LOST;
  }

  /**
   * Refuses to go on after one that broke off.
   *
   * @throws VolumeException with LOST, or FENCED where that was why
   */
  void requireIntact() {
    VolumeException failure = broken;
    if (failure != null) {
      throw failure;
    }
  }

  /** The record of a write. */
  static byte[] encode(long offset, byte[] bytes) {
    byte[] record = new byte[HEADER + bytes.length];
    System.arraycopy(bytes, 0, record, HEADER, bytes.length);
    ByteBuffer header = ByteBuffer.wrap(record);
    header.putLong(0, MAGIC).putInt(LENGTH_AT, bytes.length).putLong(OFFSET_AT, offset);
    header.putInt(CRC_AT, checksum(record, record.length));
    return record;
  }

  /** Of all but itself. */
  private static int checksum(byte[] record, int length) {
    CRC32C crc = new CRC32C();
    crc.update(record, 0, CRC_AT);
    crc.update(record, CRC_AT + Integer.BYTES, length - CRC_AT - Integer.BYTES);
    return (int) crc.getValue();
  }
}
