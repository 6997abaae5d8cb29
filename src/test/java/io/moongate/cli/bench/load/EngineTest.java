package io.moongate.cli.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.management.api.ApiJson;
import io.moongate.session.FakePortal;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the load generator says that it has done was done, against the product's own server. */
class EngineTest {
  private static final int DISK = 8 << 20;
  private static final int SECTOR = 512;

  private static FakePortal portal;

  @BeforeAll
  static void start() throws Exception {
    portal = FakePortal.start(DISK, "");
  }

  @AfterAll
  static void stop() {
    portal.close();
  }

  private static Job.Place place(String target) {
    InetSocketAddress address = portal.address();
    return new Job.Place(Job.Protocol.ISCSI, address.getHostString(), address.getPort(), target, 0);
  }

  private static Job job(
      Operation operation,
      AccessPattern pattern,
      int size,
      int depth,
      int sessions,
      boolean digests,
      Job.Extent extent) {
    return new Job(
        place(FakePortal.target()),
        new Job.Shape(operation, pattern, size, depth, sessions, digests, 0),
        extent,
        true);
  }

  /** 1 MiB takes R2Ts and several Data-In PDUs; 64 KiB goes along with its command. */
  @ParameterizedTest
  @CsvSource({
    "1048576, 2, 1, false",
    "1048576, 4, 3, true",
    "65536, 4, 1, true",
    "65536, 3, 32, false",
    "4096, 32, 4, false",
    "4096, 1, 1, true",
    "512, 128, 1, false"
  })
  void whatIsWrittenIsThereAndIsRead(int size, int depth, int sessions, boolean digests)
      throws IOException {
    Arrays.fill(portal.blocks(), (byte) 0xFF);
    long all = DISK / size;
    // Each session goes round from a place of its own: all of them together write all of it.
    Outcome written =
        Engine.run(
            job(
                Operation.WRITE,
                AccessPattern.SEQUENTIAL,
                size,
                depth,
                sessions,
                digests,
                Job.Extent.count(all * sessions)));
    assertEquals(all * sessions, written.writes());
    assertEquals(0, written.reads());
    Engine.run(
        job(
            Operation.WRITE,
            AccessPattern.SEQUENTIAL,
            size,
            depth,
            1,
            digests,
            Job.Extent.count(all)));
    ByteBuffer blocks = ByteBuffer.wrap(portal.blocks());
    for (int sector = 0; sector < DISK / SECTOR; sector++) {
      assertEquals(sector, blocks.getLong(sector * SECTOR));
      assertTrue(blocks.getLong(sector * SECTOR + 8) != -1, "content of sector " + sector);
    }
    Outcome read =
        Engine.run(
            job(
                Operation.READ,
                AccessPattern.RANDOM,
                size,
                depth,
                sessions,
                digests,
                Job.Extent.count(300)));
    assertEquals(300, read.reads());
    assertEquals(300, LatencyRecord.decode(read.latencies()).count());
    assertTrue(read.rate() > 0);
  }

  @Test
  void aBlockThatIsNotWhatWasWrittenIsNoticed() throws IOException {
    Engine.run(
        job(
            Operation.WRITE,
            AccessPattern.SEQUENTIAL,
            4096,
            8,
            1,
            false,
            Job.Extent.count(DISK / 4096)));
    portal.blocks()[77 * SECTOR + 7] ^= 1;
    IOException error =
        assertThrows(
            IOException.class,
            () ->
                Engine.run(
                    job(
                        Operation.READ,
                        AccessPattern.SEQUENTIAL,
                        4096,
                        8,
                        1,
                        false,
                        Job.Extent.count(DISK / 4096))));
    assertTrue(error.getMessage().startsWith("sector 77 "), error.getMessage());
  }

  @Test
  void ofMixedOperationsSevenOfTenRead() throws IOException {
    Engine.run(
        job(
            Operation.WRITE,
            AccessPattern.SEQUENTIAL,
            1 << 20,
            1,
            1,
            false,
            Job.Extent.count(DISK >> 20)));
    Outcome outcome =
        Engine.run(
            job(Operation.MIXED, AccessPattern.RANDOM, 4096, 16, 2, false, Job.Extent.count(2000)));
    assertEquals(2000, outcome.operations());
    assertTrue(outcome.reads() > 1300 && outcome.reads() < 1500, outcome::toString);
  }

  @Test
  void aRateIsKeptToTheOperation() throws IOException {
    Outcome outcome =
        Engine.run(
            new Job(
                place(FakePortal.target()),
                new Job.Shape(Operation.READ, AccessPattern.RANDOM, 4096, 8, 3, false, 0),
                new Job.Extent(0, 0.3, 1000),
                false));
    assertEquals(300, outcome.operations());
    assertEquals(300, LatencyRecord.decode(outcome.latencies()).count());
  }

  @Test
  void aTargetThatIsNotThereIsTold() {
    Job job =
        new Job(
            place("iqn.2026-11.io.moongate:none"),
            new Job.Shape(Operation.READ, AccessPattern.RANDOM, 4096, 1, 1, false, 0),
            Job.Extent.count(1),
            false);
    assertEquals("login refused with status 0203", Engine.attempt(job).error());
  }

  @Test
  void digestsThatAreRefusedAreAnError() throws Exception {
    String changed = "moongate.iscsi { header-digest = none, data-digest = none }";
    try (FakePortal without = FakePortal.start(DISK, changed)) {
      Job job =
          new Job(
              new Job.Place(
                  Job.Protocol.ISCSI,
                  "127.0.0.1",
                  without.address().getPort(),
                  FakePortal.target(),
                  0),
              new Job.Shape(Operation.READ, AccessPattern.RANDOM, 4096, 1, 1, true, 0),
              Job.Extent.count(1),
              false);
      String error = Engine.attempt(job).error();
      assertTrue(error != null && error.contains("HeaderDigest"), String.valueOf(error));
    }
  }

  @ParameterizedTest
  @CsvSource({"READ, 4096, 32, 4", "WRITE, 1048576, 4, 2", "MIXED, 131072, 8, 20"})
  void theFloorAnswersEverything(Operation operation, int size, int depth, int sessions)
      throws IOException {
    try (EchoServer floor = EchoServer.start(new InetSocketAddress("127.0.0.1", 0), 2)) {
      Outcome outcome =
          Engine.run(
              new Job(
                  new Job.Place(Job.Protocol.ECHO, "127.0.0.1", floor.port(), null, 0),
                  new Job.Shape(
                      operation, AccessPattern.SEQUENTIAL, size, depth, sessions, false, 0),
                  Job.Extent.count(500),
                  false));
      assertEquals(500, outcome.operations());
    }
  }

  @Test
  void jobsComeAsLinesAndOutcomesGoAsLines() throws IOException {
    ObjectMapper json = ApiJson.mapper();
    Job job =
        job(Operation.READ, AccessPattern.SEQUENTIAL, 512, 1, 1, false, new Job.Extent(3, 0, 0));
    Job unverified = new Job(job.place(), job.shape(), job.extent(), false);
    String lines = json.writeValueAsString(unverified) + "\nnonsense\n";
    StringWriter answers = new StringWriter();
    LoadCommand.serve(new BufferedReader(new StringReader(lines)), new PrintWriter(answers));
    List<String> told = answers.toString().lines().toList();
    assertEquals(2, told.size());
    assertEquals(3, json.readValue(told.get(0), Outcome.class).reads());
    assertTrue(json.readValue(told.get(1), Outcome.class).error().startsWith("no job: "));
  }
}
