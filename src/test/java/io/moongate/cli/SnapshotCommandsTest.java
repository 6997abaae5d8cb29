package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.snapshot.Snapshot;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.management.FakeMetadata;
import io.moongate.management.TestServer;
import io.moongate.scsi.shared.Rollback;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The commands about snapshots and clones, against the real API. */
class SnapshotCommandsTest {
  private static final String TARGET = "iqn.2026-11.io.moongate:demo";
  private static final String LUN = TARGET + "/0";
  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @BeforeEach
  void reset() {
    server.metadata().reset();
    ok("target create " + TARGET);
    ok("lun create --target " + TARGET + " --lun 0 --size 1MiB");
  }

  private record Outcome(int code, String out, String err) {
    List<String> rows() {
      return out.lines().map(line -> line.strip().replaceAll(" +", " ")).toList();
    }
  }

  private static Outcome run(String input, String line) {
    List<String> args = new ArrayList<>(List.of(line.split(" ")));
    args.addAll(List.of("--api", server.base().toString()));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Cli.run(
            args.toArray(String[]::new),
            config -> 42,
            new StringReader(input),
            new PrintWriter(out),
            new PrintWriter(err));
    return new Outcome(code, out.toString(), err.toString());
  }

  private static Outcome ok(String line) {
    Outcome outcome = run("", line);
    assertEquals(0, outcome.code(), outcome.err());
    return outcome;
  }

  private static String unit() {
    return server.metadata().view().units().get(0).id();
  }

  @Test
  void snapshotsAreMadeListedAndDeleted() {
    assertTrue(
        ok("lun snapshot create " + LUN + " --name daily").out().startsWith("snapshot daily of "));
    ok("lun snapshot create " + LUN + " --name daily");
    assertEquals(
        List.of("NAME SIZE CREATED CLONES PROTECTED", "daily 1MiB 2026-11-01T10:20:30Z 0 no"),
        ok("lun snapshot list " + LUN).rows());
    assertTrue(ok("lun snapshot list " + LUN + " --json").out().contains("\"createdAt\""));
    assertEquals(1, run("no\n", "lun snapshot delete " + LUN + " --name daily").code());
    assertEquals(2, ok("lun snapshot list " + LUN).rows().size());
    Outcome deleted = run("yes\n", "lun snapshot delete " + LUN + " --name daily");
    assertEquals(0, deleted.code(), deleted.err());
    assertEquals(1, ok("lun snapshot list " + LUN).rows().size());
    ok("lun snapshot delete " + LUN + " --name daily --yes");
    assertEquals(1, run("", "lun snapshot create " + LUN + " --name .x").code());
    assertEquals(2, run("", "lun snapshot create " + LUN).code());
  }

  @Test
  void whatHasClonesIsKept() {
    server
        .metadata()
        .snapshots
        .put(unit(), new Snapshot("used", 1 << 20, FakeMetadata.SINCE, 1, true));
    assertEquals(
        "used 1MiB 2026-11-01T10:20:30Z 1 yes", ok("lun snapshot list " + LUN).rows().get(1));
    Outcome refused = run("", "lun snapshot delete " + LUN + " --name used -y");
    assertEquals(1, refused.code());
    assertTrue(refused.err().contains("clones"), refused.err());
  }

  @Test
  void aCloneIsMappedAndSaysWhatItIs() {
    String source = unit();
    ok("lun snapshot create " + LUN + " --name daily");
    String clone = "lun clone " + LUN + " --snapshot daily --to " + TARGET + " --as 7 --read-only";
    List<String> rows = ok(clone).rows();
    assertTrue(rows.contains("clone of snapshot daily of " + source), rows.toString());
    assertTrue(rows.contains("lun 7"), rows.toString());
    assertTrue(rows.contains("access read-only"), rows.toString());
    assertEquals(rows, ok(clone).rows(), "repeated");
  }

  @Test
  void aRollbackIsConfirmedAndSaysWhetherItHasEnded() {
    ok("lun snapshot create " + LUN + " --name daily");
    server.metadata().snapshots.answerRollbacks((unit, name) -> rolled(name, true));
    Outcome no = run("no\n", "lun snapshot rollback " + LUN + " --name daily");
    assertEquals(1, no.code());
    assertTrue(no.err().contains("since 2026-11-01T10:20:30Z"), no.err());
    assertEquals(1, server.metadata().snapshots.causes().size());
    Outcome going = run("yes\n", "lun snapshot rollback " + LUN + " --name daily");
    assertEquals(0, going.code(), going.err());
    assertTrue(going.out().startsWith("rolling "), going.out());
    server.metadata().snapshots.answerRollbacks((unit, name) -> rolled(name, false));
    assertTrue(ok("lun snapshot rollback " + LUN + " --name daily -y").out().startsWith("rolled "));
    server.metadata().apply(rolled("daily", true));
    assertTrue(
        ok("lun show " + LUN)
            .rows()
            .contains("rollback to snapshot daily goes on: nobody serves the unit"));
  }

  private static UnitEntry rolled(String name, boolean goesOn) {
    Rollback begun = Rollback.begun(name, "r1");
    return server
        .metadata()
        .view()
        .units()
        .get(0)
        .nextRollback(goesOn ? begun : begun.ended(""), "x");
  }
}
