package io.moongate.volume.rbd;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeSnapshot;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;

/** A store whose volumes have snapshots. */
abstract class SnapshotFixture extends PoolFixture {
  static final int BLOCK = 4096;
  static final int SIZE = 8 << 20;
  static final int OBJECT = 1 << 20;

  final Volume owned(String id) {
    get(store.create(id, SIZE, BLOCK));
    return opened(id, 1);
  }

  final Volume opened(String id, long epoch) {
    Volume volume = get(store.open(id));
    get(volume.fence(epoch));
    return volume;
  }

  static ByteBuffer filled(int bytes, int value) {
    byte[] content = new byte[bytes];
    Arrays.fill(content, (byte) value);
    return ByteBuffer.wrap(content);
  }

  static byte[] read(Volume volume, long offset, int length) {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    get(volume.read(offset, buffer));
    return buffer.array();
  }

  /** What a snapshot has, by a clone of it. */
  final byte[] contentOf(String id, String snapshot, long offset, int length) {
    String clone = "look" + snapshot.hashCode();
    get(store.clone(clone, id, snapshot, BLOCK));
    Volume volume = opened(clone, 1);
    byte[] content = read(volume, offset, length);
    get(volume.close());
    get(store.delete(clone));
    return content;
  }

  final List<String> names(String id) {
    return get(store.snapshots(id)).stream().map(VolumeSnapshot::name).toList();
  }

  /** What a former owner does with the header, and ends before it has told anybody. */
  final void asTheFormerOwner(BiConsumer<RbdImage, SnapshotRecords> task) {
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      RbdImage.with(
          RbdImage.openReadOnly(client, "test.unit"),
          image -> {
            task.accept(image, new SnapshotRecords(client, image.id()));
            return null;
          });
    }
  }
}
