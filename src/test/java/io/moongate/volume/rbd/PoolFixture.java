package io.moongate.volume.rbd;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A store on a pool of its own, for each test of a subclass. */
abstract class PoolFixture {
  final CephCluster ceph = CephCluster.shared();
  CephCluster.Pool pool;
  RbdVolumeStore store;

  @BeforeEach
  void openPool() {
    pool = ceph.newPool();
    store = new RbdVolumeStore(pool.settings());
  }

  @AfterEach
  void closePool() {
    store.close();
    pool.delete();
  }

  static void await(BooleanSupplier condition) {
    for (int i = 0; !condition.getAsBoolean(); i++) {
      assertTrue(i < 300, "it does not come to that");
      CephCluster.pause(100);
    }
  }

  static boolean succeeds(CompletionStage<?> stage) {
    try {
      get(stage);
      return true;
    } catch (VolumeException e) {
      return false;
    }
  }

  /** What the failure says. */
  static String assertReason(Reason reason, CompletionStage<?> stage) {
    VolumeException failure = assertThrows(VolumeException.class, () -> get(stage));
    assertEquals(reason, failure.reason(), failure::toString);
    return failure.getMessage();
  }

  static <T> T get(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().copy().orTimeout(60, SECONDS).join();
    } catch (CompletionException e) {
      throw VolumeException.in(e).orElseThrow(() -> e);
    }
  }
}
