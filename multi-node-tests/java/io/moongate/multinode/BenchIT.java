package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.multinode.harness.LauncherRun;
import io.moongate.volume.rbd.CephCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code moongate bench} measures whom it says, and leaves nothing behind. How fast is not asked.
 */
class BenchIT {
  private static final Duration BOUND = Duration.ofMinutes(5);

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path directory;

  @Test
  void besideTgt() throws IOException, InterruptedException {
    race(List.of("moongate", "tgt"), "--sizes", "4096");
  }

  @Test
  @Tag("long")
  void besideTgtAndLibrbd() throws IOException, InterruptedException {
    CephCluster.Pool pool = CephCluster.shared().newPool();
    List<String> options = new ArrayList<>(List.of("--store", "rbd", "--pool", pool.name()));
    options.addAll(List.of("--ceph-conf", pool.conf().toString(), "--ceph-user", pool.user()));
    options.addAll(List.of("--ceph-keyring", pool.keyring().toString()));
    race(List.of("moongate", "tgt", "librbd"), options.toArray(String[]::new));
    assertEquals("", pool.cluster().rbd("ls", pool.name()));
  }

  private void race(List<String> contestants, String... options)
      throws IOException, InterruptedException {
    Path state = directory.resolve("state");
    Path json = directory.resolve("figures.json");
    List<String> arguments =
        new ArrayList<>(List.of("bench", "--rounds", "2", "--seconds", "0.2", "--warm-up", "1"));
    arguments.addAll(List.of("--dir", state.toString(), "--json", json.toString()));
    arguments.addAll(List.of(options));
    LauncherRun.succeed(arguments, directory.resolve("bench.log"), BOUND);
    assertFalse(Files.exists(state));
    JsonNode cells = new ObjectMapper().readTree(json.toFile()).get("cells");
    assertFalse(cells.isEmpty());
    for (JsonNode cell : cells) {
      List<String> names = new ArrayList<>();
      for (JsonNode result : cell.get("results")) {
        names.add(result.get("contestant").asText());
        assertEquals(2, result.get("rates").size());
        result.get("rates").forEach(rate -> assertTrue(rate.asDouble() > 0, cell::toString));
      }
      assertEquals(contestants, names);
    }
  }
}
