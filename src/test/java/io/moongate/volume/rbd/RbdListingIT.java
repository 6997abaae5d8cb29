package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.StoredVolume;
import io.moongate.volume.Volume;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What is in a pool, and what of it can become a unit's. */
class RbdListingIT extends PoolFixture {
  private static final int MIB = 1 << 20;

  private String image(String name) {
    return pool.name() + "/" + name;
  }

  /** In pages. */
  private Map<String, StoredVolume> all(int most) {
    Map<String, StoredVolume> all = new TreeMap<>();
    String after = "";
    while (true) {
      List<StoredVolume> page = get(store.list(after, most));
      if (page.isEmpty()) {
        return all;
      }
      assertTrue(page.size() <= most, page::toString);
      for (StoredVolume each : page) {
        assertTrue(each.name().compareTo(after) > 0, page::toString);
        after = each.name();
        all.put(after, each);
      }
    }
  }

  private void create(String name, String size, String features) {
    ceph.rbd("create", image(name), "--size", size, "--image-feature", features);
  }

  @Test
  void eachImageIsListedWithWhatIsInTheWay() {
    get(store.create("ours", 4 * MIB, 4096));
    Volume volume = get(store.open("ours"));
    get(volume.fence(1));
    create("fit", "1M", "layering");
    create("objects", "1M", "layering,exclusive-lock,object-map");
    create("odd", "1000B", "layering");
    create("journaled", "1M", "layering,exclusive-lock,journaling");
    create("gone", "1M", "layering");
    create("locked", "1M", "layering");
    create("cached", "1M", "layering");
    create("an image", "1M", "layering");
    ceph.rbd("trash", "mv", image("gone"));
    ceph.rbd("lock", "add", image("locked"), "by-hand");
    ceph.rbd("config", "image", "set", image("cached"), "rbd_cache", "true");
    Map<String, StoredVolume> all = all(3);
    assertEquals(
        List.of("an image", "cached", "fit", "journaled", "locked", "objects", "odd", "test.ours")
            .stream()
            .map(this::image)
            .toList(),
        List.copyOf(all.keySet()));
    assertEquals(all, all(100));

    assertEquals(
        new StoredVolume(
            image("fit"),
            OptionalLong.of(MIB),
            OptionalInt.empty(),
            Optional.empty(),
            Optional.empty()),
        all.get(image("fit")));
    assertEquals(Optional.empty(), all.get(image("objects")).obstacle());
    StoredVolume ours = all.get(image("test.ours"));
    assertEquals(Optional.of("ours"), ours.unitId());
    assertEquals(OptionalInt.of(4096), ours.blockSize());
    Map<String, String> obstacles =
        Map.of(
            "an image", "letters",
            "cached", "rbd_cache",
            "journaled", "features",
            "locked", "by hand",
            "odd", "1000",
            "test.ours", "open somewhere");
    obstacles.forEach(
        (name, text) -> {
          String obstacle = all.get(image(name)).obstacle().orElseThrow();
          assertTrue(obstacle.contains(text), obstacle);
        });
    // It is as it was said.
    get(store.adopt(image("fit"), "unit-1", Optional.empty(), 512));
    get(store.adopt(image("objects"), "unit-2", Optional.empty(), 512));
    for (String name : List.of("cached", "journaled", "locked", "odd", "an image")) {
      assertTrue(!succeeds(store.adopt(image(name), "unit-3", Optional.empty(), 512)), name);
    }
    assertEquals(Optional.of("unit-1"), all(100).get(image("fit")).unitId());
    get(volume.close());
  }

  @Test
  void manyAreListedByOneClient() throws Exception {
    List<String> names = new ArrayList<>();
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      for (int i = 0; i < 330; i++) {
        names.add(image("many%04d".formatted(i)));
        Errno.check(
            Librbd.rbd_create2(
                client.pool(),
                "many%04d".formatted(i),
                MIB,
                Librbd.FEATURE_LAYERING,
                new int[] {22}),
            "creating");
      }
    }
    long began = System.nanoTime();
    List<StoredVolume> page = get(store.list("", 300));
    System.out.printf("300 of 330 images: %d ms%n", (System.nanoTime() - began) / 1_000_000);
    assertEquals(names.subList(0, 300), page.stream().map(StoredVolume::name).toList());
    assertTrue(page.stream().allMatch(each -> each.obstacle().isEmpty()));
    assertEquals(
        names.subList(300, 330),
        get(store.list(names.get(299), 300)).stream().map(StoredVolume::name).toList());
  }
}
