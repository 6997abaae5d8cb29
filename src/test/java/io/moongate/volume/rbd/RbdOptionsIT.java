package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException.Reason;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What others set on an image or its pool does not undo the fence. */
class RbdOptionsIT extends PoolFixture {
  private static final int SIZE = 4 << 20;
  private static final String NAMESPACE = "tenant";

  private String image;

  @BeforeEach
  void open() {
    image = pool.name() + "/test.unit";
  }

  /** What librbd does with the image, whoever said so. */
  private String effective(String option) {
    String all = ceph.rbd("config", "image", "list", image, "--format", "json");
    return all.replaceAll("(?s).*\\{\"name\":\"" + option + "\",\"value\":\"([^\"]*)\".*", "$1");
  }

  private void assertAllSafe() {
    for (Map.Entry<String, String> each : SafeOptions.metadata().entrySet()) {
      String option = each.getKey().substring(SafeOptions.CONFIGURATION.length());
      assertEquals(each.getValue(), effective(option), option);
    }
  }

  private void overridePool() {
    ceph.rbd("config", "pool", "set", pool.name(), "rbd_cache", "true");
    ceph.rbd("config", "pool", "set", pool.name(), "rbd_blocklist_on_break_lock", "false");
    ceph.rbd("config", "pool", "set", pool.name(), "rbd_read_from_replica_policy", "balance");
    ceph.rbd("config", "pool", "set", pool.name(), "rbd_disable_zero_copy_writes", "false");
    ceph.rbd("config", "pool", "set", pool.name(), "rbd_non_blocking_aio", "false");
    ceph.rbd("config", "pool", "set", pool.name(), "rbd_parent_cache_enabled", "true");
    ceph.rbd("config", "pool", "set", pool.name(), "rbd_blocklist_expire_seconds", "60");
  }

  @Test
  void whatIsSetOnThePoolDoesNotCountForAnImageOfOurs() {
    overridePool();
    get(store.create("unit", SIZE, 512));
    assertAllSafe();
    serve("unit", 1);
  }

  @Test
  void norForOneThatWasAdopted() {
    ceph.rbd("create", "--size", "4M", "--image-feature", "layering", image);
    overridePool();
    assertEquals("true", effective("rbd_cache"));
    get(store.adopt(image, "mine", Optional.empty(), 512));
    assertAllSafe();
    Volume volume = get(store.open(image, "mine"));
    get(volume.fence(1));
    get(volume.close());
  }

  @Test
  void anImageWithoutOptionsGetsThemWhenItIsFenced() {
    get(store.create("unit", SIZE, 512));
    SafeOptions.metadata().keySet().forEach(key -> ceph.rbd("image-meta", "rm", image, key));
    serve("unit", 1);
    assertAllSafe();
  }

  @Test
  void anImageWithoutOptionsInANamespaceIsRefusedForWhatItsPoolHas() {
    ceph.rbd("namespace", "create", pool.name() + "/" + NAMESPACE);
    try (RbdVolumeStore inside = new RbdVolumeStore(namespaced(NAMESPACE))) {
      image = pool.name() + "/" + NAMESPACE + "/test.unit";
      get(inside.create("unit", SIZE, 512));
      SafeOptions.metadata().keySet().forEach(key -> ceph.rbd("image-meta", "rm", image, key));
      Volume early = get(inside.open("unit"));
      overridePool();
      assertReason(Reason.UNSUPPORTED, inside.open("unit"));
      assertReason(Reason.UNSUPPORTED, early.fence(1));
      get(early.close());
    }
  }

  @Test
  void aNamespaceThatIsNotThereIsNotTakenForAnEmptyOne() {
    try (RbdVolumeStore wrong = new RbdVolumeStore(namespaced("nowhere"))) {
      assertTrue(assertReason(Reason.UNAVAILABLE, wrong.open("unit")).contains("nowhere"));
      assertReason(Reason.UNAVAILABLE, wrong.delete("unit"));
      assertReason(Reason.UNAVAILABLE, wrong.create("unit", SIZE, 512));
    }
  }

  private RbdSettings namespaced(String namespace) {
    RbdSettings settings = pool.settings();
    return new RbdSettings(
        settings.confFile(),
        settings.user(),
        settings.keyring(),
        settings.pool(),
        namespace,
        settings.imagePrefix(),
        settings.objectSize(),
        settings.threads(),
        settings.inFlight(),
        settings.monitorTimeout(),
        settings.blocklistFor(),
        settings.removeAfter(),
        settings.closeTimeout());
  }

  @Test
  void whatIsSetAfterOpeningIsSeenWhenItIsFenced() {
    get(store.create("unit", SIZE, 512));
    Volume volume = get(store.open("unit"));
    ceph.rbd("config", "image", "set", image, "rbd_cache", "true");
    assertTrue(assertReason(Reason.UNSUPPORTED, volume.fence(1)).contains("rbd_cache"));
    ceph.rbd("config", "image", "set", image, "rbd_cache", "false");
    get(volume.fence(1));
    get(volume.close());
    volume = get(store.open("unit"));
    ceph.rbd("feature", "enable", image, "object-map");
    assertReason(Reason.UNSUPPORTED, volume.fence(2));
    ceph.rbd("feature", "disable", image, "object-map");
    get(volume.fence(2));
    get(volume.close());
  }

  private void serve(String id, long epoch) {
    Volume volume = get(store.open(id));
    get(volume.fence(epoch));
    get(volume.write(0, OldOwner.block("new"), true));
    get(volume.close());
  }
}
