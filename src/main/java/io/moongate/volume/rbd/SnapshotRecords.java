package io.moongate.volume.rbd;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeSnapshot;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The snapshots of an image as its header object has them, without librbd in between: that asks
 * whoever has the lock to change them, and waits for everybody who has the image open.
 */
final class SnapshotRecords {
  /** Those that anybody makes; others are groups', mirrors', or hidden ones that have clones. */
  private static final int BY_USERS = 0;

  private static final int HIDDEN = 2;
  private static final int LONGEST = 8 << 10;

  /** More than an image can have: 8 bytes each, and servers set a limit of their own. */
  private static final int LONGEST_LIST = 1 << 20;

  private static final byte UNPROTECTED = 0;

  /** Not that of a snapshot. */
  private static final long LATEST = -2;

  private final RadosClient client;
  private final String header;

  /**
   * Of an image.
   *
   * @param imageId what no other image of the pool ever has
   */
  SnapshotRecords(RadosClient client, String imageId) {
    this.client = client;
    this.header = "rbd_header." + imageId;
  }

  /**
   * One.
   *
   * @param id what no other snapshot of the pool ever has
   * @param kind whose it is
   * @param clones those of format 2
   */
  record Snapshot(long id, int kind, String name, long size, Instant at, int clones) {
    boolean isByUsers() {
      return kind == BY_USERS;
    }

    boolean isHidden() {
      return kind == HIDDEN;
    }
  }

  /** The numbers of all, hidden ones too. */
  Set<Long> ids() {
    ByteBuffer context = execute("get_snapcontext", new byte[0], LONGEST_LIST);
    context.getLong(); // The newest number.
    int count = context.getInt();
    Set<Long> ids = new HashSet<>();
    for (int i = 0; i < count; i++) {
      ids.add(context.getLong());
    }
    return ids;
  }

  /** All of them, oldest first. */
  List<Snapshot> all() {
    List<Snapshot> snapshots = new ArrayList<>();
    ids().forEach(id -> get(id).ifPresent(snapshots::add));
    snapshots.sort(Comparator.comparingLong(Snapshot::id));
    return snapshots;
  }

  /** That of a name, made by anybody. */
  Optional<Snapshot> find(String name) {
    return all().stream().filter(each -> each.isByUsers() && each.name().equals(name)).findFirst();
  }

  /** That of a number; empty when it is not there. */
  Optional<Snapshot> get(long id) {
    byte[] answer = new byte[LONGEST];
    int length = call("snapshot_get", number(id), answer);
    if (length == -Errno.ENOENT) {
      return Optional.empty();
    }
    Errno.check(length, "looking at a snapshot");
    try {
      return Optional.of(decode(ByteBuffer.wrap(answer, 0, length).order(LITTLE_ENDIAN)));
    } catch (BufferUnderflowException e) {
      throw new VolumeException(Reason.IO, "the record of a snapshot can't be read", e);
    }
  }

  private static Snapshot decode(ByteBuffer record) {
    versioned(record);
    long id = record.getLong();
    int after = versioned(record);
    int kind = record.getInt();
    record.position(after);
    byte[] name = new byte[record.getInt()];
    record.get(name);
    long size = record.getLong();
    Instant at =
        Instant.ofEpochSecond(
            Integer.toUnsignedLong(record.getInt()), Integer.toUnsignedLong(record.getInt()));
    return new Snapshot(id, kind, new String(name, UTF_8), size, at, record.getInt());
  }

  /** Reads what stands before something that has a version; where it ends. */
  private static int versioned(ByteBuffer record) {
    record.getShort();
    int length = record.getInt();
    return record.position() + length;
  }

  /** What users of a volume see of one. */
  VolumeSnapshot describe(Snapshot each) {
    return new VolumeSnapshot(
        each.name(), each.size(), each.at(), each.clones(), isProtected(each.id()));
  }

  /** Whether it was protected by hand, as clones of format 1 need it. */
  boolean isProtected(long id) {
    return execute("get_protection_status", number(id), 1).get() != UNPROTECTED;
  }

  /**
   * Bytes that a snapshot shares with the parent of the image; empty when it has no parent. All of
   * them when the image was not made smaller.
   */
  OptionalLong overlap(long id) {
    ByteBuffer answer = execute("parent_overlap_get", number(id), 1 + Long.BYTES);
    return answer.get() == 0 ? OptionalLong.empty() : OptionalLong.of(answer.getLong());
  }

  /** The same for the image as it is. */
  OptionalLong overlap() {
    return overlap(LATEST);
  }

  /**
   * Records one, at once: with the size and the parent that the image has then.
   *
   * @param id a new number, greater than those before
   * @return librados' result: EEXIST when there is one of that name, ESTALE when a greater number
   *     was faster
   */
  int add(String name, long id) {
    byte[] text = name.getBytes(UTF_8);
    ByteBuffer input =
        ByteBuffer.allocate(Integer.BYTES + text.length + Long.BYTES).order(LITTLE_ENDIAN);
    input.putInt(text.length).put(text).putLong(id);
    return call("snapshot_add", input.array(), new byte[0]);
  }

  /**
   * Removes the record of one, at once: no volume can be cloned from it any more.
   *
   * @return librados' result: EBUSY when it has clones or is protected, ENOENT when it is gone
   */
  int remove(long id) {
    return call("snapshot_remove", number(id), new byte[0]);
  }

  private static byte[] number(long id) {
    return ByteBuffer.allocate(Long.BYTES).order(LITTLE_ENDIAN).putLong(id).array();
  }

  private ByteBuffer execute(String method, byte[] input, int longest) {
    byte[] answer = new byte[longest];
    int length = (int) Errno.check(call(method, input, answer), "looking at the snapshots");
    return ByteBuffer.wrap(answer, 0, length).order(LITTLE_ENDIAN);
  }

  private int call(String method, byte[] input, byte[] answer) {
    return Librados.rados_exec(
        client.pool(), header, "rbd", method, input, input.length, answer, answer.length);
  }
}
