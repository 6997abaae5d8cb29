package io.moongate.volume.rbd;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeContract;
import io.moongate.volume.VolumeStore;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The contract, against a real Ceph. */
class RbdVolumeIT extends VolumeContract {
  private CephCluster.Pool pool;
  private RbdVolumeStore store;

  @BeforeEach
  void open() {
    pool = CephCluster.shared().newPool();
    store = new RbdVolumeStore(pool.settings());
  }

  @AfterEach
  void close() {
    store.close();
    pool.delete();
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
