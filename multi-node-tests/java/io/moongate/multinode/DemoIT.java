package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.multinode.harness.LauncherRun;
import io.moongate.volume.rbd.CephCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The two commands that a newcomer tries first: what the demo checks by itself holds. */
class DemoIT {
  private static final Duration BOUND = Duration.ofMinutes(8);

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path directory;

  @Test
  void theDemoPassesItsOwnCheck() throws IOException, InterruptedException {
    check("--dir", directory.resolve("state").toString());
  }

  /** In a directory of its own it leaves nothing in the pool. */
  @Test
  @Tag("long")
  void theDemoPassesItsOwnCheckOnCeph() throws IOException, InterruptedException {
    CephCluster.Pool pool = CephCluster.shared().newPool();
    check(
        "--store",
        "rbd",
        "--ceph-conf",
        pool.conf().toString(),
        "--ceph-user",
        pool.user(),
        "--ceph-keyring",
        pool.keyring().toString(),
        "--pool",
        pool.name());
    assertEquals("", pool.cluster().rbd("ls", pool.name()));
  }

  private void check(String... options) throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of("demo", "--check"));
    arguments.addAll(List.of(options));
    String seen = LauncherRun.succeed(arguments, directory.resolve("check.log"), BOUND);
    assertTrue(seen.contains("nothing is left running"), seen);
  }
}
