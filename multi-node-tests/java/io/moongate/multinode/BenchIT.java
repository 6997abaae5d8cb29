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
import javax.xml.parsers.DocumentBuilderFactory;
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
    JsonNode cells = race(List.of("moongate", "tgt"), "--sizes", "4096");
    for (JsonNode cell : cells) {
      assertEquals("qemu-img bench", cell.get("client").asText());
    }
  }

  @Test
  @Tag("long")
  void everyDimensionBesideTgtAndTheFloor() throws Exception {
    Path plot = directory.resolve("ratios.svg");
    JsonNode cells =
        race(
            List.of("moongate", "tgt", "floor"),
            "--against tgt,floor --operations mixed --sizes 4096,1048576 --depths 4 --sessions 2"
                + " --patterns random --digests off,on --paths ao,ano --plot "
                + plot);
    assertEquals(8, cells.size());
    for (JsonNode cell : cells) {
      assertEquals("moongate bench load", cell.get("client").asText());
      assertEquals(2, cell.get("sessions").asInt());
      assertTrue(cell.get("ratios").get("floor").get("median").asDouble() > 0, cell::toString);
      assertEquals(2, cell.get("results").get(0).get("server").size(), cell::toString);
    }
    DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(plot.toFile());
  }

  @Test
  @Tag("long")
  void inMemoryWithoutAnyoneBeside() throws Exception {
    race(
        List.of("moongate"),
        "--against none --store memory --sizes 16384 --depths 8 --operations write --sessions 4");
  }

  @Test
  @Tag("long")
  void latencyUnderASteadyLoad() throws Exception {
    Path state = directory.resolve("state");
    Path json = directory.resolve("latency.json");
    List<String> arguments = new ArrayList<>(List.of("bench", "latency", "--duration", "4s"));
    arguments.addAll(List.of("--turn", "2s", "--warm-up", "1s", "--probe", "1s"));
    arguments.addAll(List.of("--dir", state.toString(), "--json", json.toString()));
    LauncherRun.succeed(arguments, directory.resolve("latency.log"), BOUND);
    assertFalse(Files.exists(state));
    JsonNode results = new ObjectMapper().readTree(json.toFile()).get("results");
    assertEquals(2, results.size());
    for (JsonNode result : results) {
      double rate = result.get("rate").asDouble();
      assertEquals(result.get("most").asDouble() / 2, rate, 1, result::toString);
      // Two turns of 2 s, to the operation.
      assertEquals(4 * rate, result.get("operations").asDouble(), 4, result::toString);
      assertEquals(3, result.get("memory").size());
      assertTrue(result.get("micros").get("p999").asDouble() > 0, result::toString);
    }
    assertTrue(results.get(0).get("pauses").get("count").asInt() >= 0);
    assertTrue(results.get(1).get("pauses").isNull());
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

  private JsonNode race(List<String> contestants, String options)
      throws IOException, InterruptedException {
    return race(contestants, options.split(" ", -1));
  }

  private JsonNode race(List<String> contestants, String... options)
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
    return cells;
  }
}
