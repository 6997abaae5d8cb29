package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.multinode.harness.Installation;
import io.moongate.volume.rbd.CephCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The two commands that a newcomer tries first: what the demo checks by itself holds. */
class DemoIT {
  private static final long BOUND_MINUTES = 8;

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path directory;

  @Test
  void theDemoPassesItsOwnCheck() throws IOException, InterruptedException {
    check("--dir", directory.resolve("state").toString());
  }

  /** In a directory of its own it leaves nothing in the pool. */
  @Test
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
    Path log = directory.resolve("check.log");
    List<String> command =
        new ArrayList<>(
            List.of(Installation.find().home().resolve("moongate").toString(), "demo", "--check"));
    command.addAll(List.of(options));
    ProcessBuilder demo = new ProcessBuilder(command);
    demo.environment().put("MOONGATE_NO_BUILD", "1");
    demo.redirectErrorStream(true).redirectOutput(log.toFile());
    Process running = demo.start();
    try {
      assertTrue(running.waitFor(BOUND_MINUTES, TimeUnit.MINUTES), () -> read(log));
      String seen = read(log);
      System.out.println(seen);
      assertEquals(0, running.exitValue(), seen);
      assertTrue(seen.contains("nothing is left running"), seen);
    } finally {
      running.destroy();
      if (!running.waitFor(30, TimeUnit.SECONDS)) {
        running.destroyForcibly();
      }
    }
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
