package io.moongate.volume.rbd;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeContract;
import io.moongate.volume.VolumeStore;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** The contract, against a real Ceph. */
class RbdVolumeIT extends VolumeContract {
  private static CephCluster.Pool pool;
  private static int tests;
  private RbdVolumeStore store;

  @BeforeAll
  static void makePool() {
    pool = CephCluster.shared().newPool();
  }

  @AfterAll
  static void deletePool() {
    pool.delete();
  }

  /** Empty: what others have made has other names. */
  @BeforeEach
  void open() {
    store = new RbdVolumeStore(pool.settings("test" + ++tests + "."));
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Override
  protected VolumeStore store() {
    return store;
  }

  @Override
  protected boolean keepsSpaceReady() {
    return false;
  }

  @Override
  protected List<Integer> allocatedOf(Volume volume) {
    throw new AssertionError("RBD is thin");
  }
}
