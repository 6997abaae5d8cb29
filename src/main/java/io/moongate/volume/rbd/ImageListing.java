package io.moongate.volume.rbd;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.moongate.volume.StoredVolume;
import io.moongate.volume.VolumeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Lists a pool's images. The names are had at once; the headers of one page are asked by one
 * client, some at a time, without anybody noticing.
 */
final class ImageListing {
  /** Room for so many names at first. */
  private static final int ROOM = 1024;

  /** An image's id and its name, by address. */
  private static final int SPEC_BYTES = 2 * Long.BYTES;

  /** Every size that an adoption with some block size accepts is a multiple of this. */
  private static final int LEAST_BLOCK = 512;

  private final RadosClient client;
  private final String pool;
  private final Blocklist blocklist;
  private final CallThreads threads;

  /**
   * Of a pool.
   *
   * @param threads for the headers: how many there are is how many are asked at a time
   */
  ImageListing(RadosClient client, String pool, Blocklist blocklist, CallThreads threads) {
    this.client = client;
    this.pool = pool;
    this.blocklist = blocklist;
    this.threads = threads;
  }

  /**
   * Some of them, in the order of their names.
   *
   * @param after the last name that is known already, with the pool; empty for the first
   * @param most how many
   */
  List<StoredVolume> page(String after, int most) {
    List<String> names =
        names().stream().sorted().filter(name -> volume(name).compareTo(after) > 0).toList();
    List<StoredVolume> page = new ArrayList<>();
    // Images can go meanwhile; an empty page is the end.
    for (int from = 0; page.isEmpty() && from < names.size(); from += most) {
      page.addAll(look(names.subList(from, Math.min(names.size(), from + most))));
    }
    return page;
  }

  private List<StoredVolume> look(List<String> names) {
    List<CompletionStage<Optional<StoredVolume>>> asked =
        names.stream().map(name -> client.run(threads, () -> look(name))).toList();
    try {
      return asked.stream().flatMap(each -> each.toCompletableFuture().join().stream()).toList();
    } catch (CompletionException e) {
      throw CallThreads.known(e);
    }
  }

  private String volume(String name) {
    return pool + "/" + name;
  }

  private List<String> names() {
    long[] count = {ROOM};
    while (true) {
      long room = count[0];
      try (Memory specs = new Memory(Math.max(1, room) * SPEC_BYTES)) {
        int result = Librbd.rbd_list2(client.pool(), Pointer.nativeValue(specs), count);
        if (result == -Errno.ERANGE) {
          count[0] = Math.max(count[0], 2 * room);
          continue;
        }
        Errno.check(result, "listing the images");
        try {
          List<String> names = new ArrayList<>();
          for (long i = 0; i < count[0]; i++) {
            names.add(specs.getPointer(i * SPEC_BYTES + Long.BYTES).getString(0, "UTF-8"));
          }
          return names;
        } finally {
          Librbd.rbd_image_spec_list_cleanup(Pointer.nativeValue(specs), count[0]);
        }
      }
    }
  }

  /** Nothing when it is gone meanwhile. */
  private Optional<StoredVolume> look(String name) {
    try {
      return Optional.of(
          RbdImage.with(RbdImage.openReadOnly(client, name), image -> look(name, image)));
    } catch (VolumeException e) {
      return switch (e.reason()) {
        case FENCED, OVERLOADED, CLOSED -> throw e;
        case NOT_FOUND -> Optional.empty();
        default -> Optional.of(unreadable(name, e));
      };
    }
  }

  private StoredVolume unreadable(String name, VolumeException e) {
    return new StoredVolume(
        volume(name),
        OptionalLong.empty(),
        OptionalInt.empty(),
        Optional.empty(),
        Optional.of(e.getMessage()));
  }

  private StoredVolume look(String name, RbdImage image) {
    Optional<Long> blockSize = image.number(RbdVolumeStore.BLOCK_SIZE);
    return new StoredVolume(
        volume(name),
        OptionalLong.of(image.size()),
        blockSize.map(bytes -> OptionalInt.of(bytes.intValue())).orElse(OptionalInt.empty()),
        image.metadata(RbdVolumeStore.UNIT),
        RbdVolumeStore.obstacleOfName(name)
            .or(() -> new ImageAdoption(client, image, blocklist).obstacle(LEAST_BLOCK)));
  }
}
