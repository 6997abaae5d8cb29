package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.StoreStatus;
import io.moongate.volume.StoreStatus.State;
import io.moongate.volume.Volume;
import java.nio.ByteBuffer;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a pool has left, as a real manager counts it: every few seconds. */
@Tag("long")
@CephAlone
class RbdSpaceIT extends PoolFixture {
  private static final int MIB = 1 << 20;

  @AfterEach
  void stopManager() {
    ceph.stopManager();
  }

  private StoreStatus status() {
    return get(store.status());
  }

  @Test
  void withAManagerTheSpaceIsKnownAndWithoutOneNot() {
    get(store.create("unit", 64 * MIB, 512));
    Volume volume = get(store.open("unit"));
    assertEquals(Volume.Space.UNKNOWN, get(volume.space()));
    ceph.startManager();
    await(() -> get(volume.space()).available().isPresent());
    long before = get(volume.space()).available().getAsLong();
    assertTrue(before > 1L << 30, Long.toString(before));
    assertEquals(OptionalLong.empty(), get(volume.space()).used());
    StoreStatus well = status();
    assertEquals(State.WELL, well.state());
    assertEquals(OptionalLong.of(before), well.available());

    // The quota counts what was written, and a full pool is what the monitors call so.
    ceph.ceph("osd", "pool", "set-quota", pool.name(), "max_bytes", Integer.toString(32 * MIB));
    await(() -> get(volume.space()).available().getAsLong() <= 32 * MIB);
    get(volume.fence(1));
    for (int at = 0; at < 40 * MIB; at += MIB) {
      get(volume.write(at, ByteBuffer.allocate(MIB).put(0, (byte) 1), true));
    }
    await(() -> status().state() == State.FULL);
    assertEquals(OptionalLong.of(0), get(volume.space()).available());
    ceph.ceph("osd", "pool", "set-quota", pool.name(), "max_bytes", "0");
    await(() -> status().state() == State.WELL);
    get(volume.close());
  }

  @Test
  void serversThatAreNearlyFullAreSaid() {
    ceph.startManager();
    await(() -> status().state() == State.WELL && status().available().isPresent());
    // An empty pool takes a thousandth of it or so.
    ceph.ceph("osd", "set-nearfull-ratio", "0.000000001");
    try {
      await(() -> status().state() == State.NEAR_FULL);
    } finally {
      ceph.ceph("osd", "set-nearfull-ratio", "0.85");
    }
  }
}
