package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.view.GatewayEntry.Duty;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.management.TestServer;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The commands about where units are owned, against the real API. */
class MovementCommandsTest {
  private static final String TARGET = "iqn.2026-11.io.moongate:demo";
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
      return out.lines().map(line -> line.replaceAll(" +", " ")).toList();
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

  private static Duty duty(String gateway) {
    return server.metadata().view().gateway(gateway).orElseThrow().service().duty();
  }

  private static UnitEntry unit() {
    return server.metadata().view().units().get(0);
  }

  @Test
  void gatewaysAreDrainedAndPutBack() {
    assertEquals(
        List.of("gw1 is draining; it owns 1 LUNs"),
        ok("gateway drain gw1 --cause maintenance").rows());
    assertEquals(Duty.DRAINING, duty("gw1"));
    assertTrue(ok("gateway list").rows().get(1).startsWith("gw1 up,draining "));
    assertEquals(
        List.of(
            "ID KIND FROM TO REMAINING SINCE CAUSE",
            "drain-gw1 drain gw1 - 1 2026-11-01T10:20:30Z"
                + " drained through the API of gw1 by admin at 127.0.0.1: maintenance"),
        ok("operation list").rows());
    assertEquals(1, run("", "gateway drain gw1 --wait 1").code(), "it still owns one");
    assertEquals(2, run("", "gateway drain gw1 --wait -1").code());
    assertEquals(List.of("gw1 is in-service"), ok("gateway undrain gw1").rows());
    assertEquals(Duty.IN_SERVICE, duty("gw1"));
    assertEquals(1, run("", "gateway drain gw9").code());
  }

  @Test
  void operationsAreCancelled() {
    ok("gateway drain gw1");
    ok("operation cancel drain-gw1");
    assertEquals(Duty.IN_SERVICE, duty("gw1"));
    assertEquals(1, run("", "operation cancel drain-gw1").code());
    server.metadata().releasing(unit().id(), "gw2");
    assertEquals(2, ok("operation list").rows().size());
    ok("operation cancel unit-" + unit().id());
    assertEquals(1, ok("operation list").rows().size());
  }

  @Test
  void aGatewayIsRemovedOnlyWhenThatIsMeant() {
    assertEquals(1, run("no\n", "gateway remove gw3").code());
    assertTrue(server.metadata().view().gateway("gw3").isPresent());
    Outcome removed = run("yes\n", "gateway remove gw3");
    assertEquals(0, removed.code(), removed.err());
    assertTrue(removed.err().contains("data of the 0 LUNs that it owns can be lost"));
    assertTrue(server.metadata().view().gateway("gw3").isEmpty());
    Outcome alive = run("", "gateway remove gw2 --yes");
    assertEquals(1, alive.code());
    assertTrue(alive.err().contains("member"), alive.err());
  }

  @Test
  void thePreferenceOfALunIsChanged() {
    List<String> set = ok("lun set " + TARGET + "/0 --preferred gw2,gw1").rows();
    assertTrue(set.contains("preferred gw2,gw1"), set::toString);
    assertEquals(List.of("gw2", "gw1"), unit().preferred());
    ok("lun set " + TARGET + "/0 --read-only on --preferred");
    assertEquals(List.of(), unit().preferred());
    assertTrue(unit().attributes().readOnly());
    assertEquals(1, run("", "lun set " + TARGET + "/0 --preferred gw9").code());
    assertEquals(2, run("", "lun set " + TARGET + "/0").code());
  }
}
