package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.moongate.volume.Volume;
import org.junit.jupiter.api.Test;

/**
 * A deletion that was interrupted is completed when it is repeated. librbd removes the header
 * first, then the object with the id, then the directory's entry.
 */
class RbdRemovalIT extends PoolFixture {
  private void create() {
    get(store.create("unit", 4 << 20, 4096));
    Volume volume = get(store.open("unit"));
    get(volume.fence(1));
    get(volume.close());
  }

  /** With what we have put beside it. */
  private String createWithRemains() {
    create();
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      String id = RbdImage.with(RbdImage.openReadOnly(client, "test.unit"), RbdImage::id);
      put(client, AtomicWrites.journal(id));
      put(client, ImageCreation.mark("test.unit"));
      return id;
    }
  }

  private static void put(RadosClient client, String object) {
    assertEquals(0, Librados.rados_write_full(client.pool(), object, new byte[1], 1));
  }

  private void remove(String object) {
    ceph.rados("-p", pool.name(), "rm", object);
  }

  private void assertNothingIsLeft() {
    String objects = ceph.rados("-p", pool.name(), "ls");
    assertFalse(objects.contains("moongate"), objects);
    assertFalse(objects.contains("test.unit"), objects);
    assertEquals("", ceph.rbd("ls", pool.name()).strip());
  }

  @Test
  void whatIsBesideAnImageGoesWithIt() {
    createWithRemains();
    get(store.delete("unit"));
    assertNothingIsLeft();
    get(store.delete("unit"));
    create();
  }

  @Test
  void afterTheHeaderWasRemoved() {
    remove("rbd_header." + createWithRemains());
    get(store.delete("unit"));
    assertNothingIsLeft();
    create();
  }

  @Test
  void afterTheIdWasRemoved() {
    remove("rbd_header." + createWithRemains());
    remove("rbd_id.test.unit");
    get(store.delete("unit"));
    assertNothingIsLeft();
    create();
  }
}
