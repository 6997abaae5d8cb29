package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.audit.RecordedPast;
import io.moongate.management.TestServer;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code moongate audit show|replay|diff} against a past that is known. */
class AuditCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static RecordedPast past;
  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    past = new RecordedPast();
    server = TestServer.start(past.log());
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
    past.close();
  }

  private static String run(int expected, String... words) {
    Said said = said(expected, words);
    return expected == 0 ? said.out() : said.err();
  }

  private record Said(String out, String err) {}

  private static Said said(int expected, String... words) {
    List<String> arguments = new ArrayList<>(List.of("audit"));
    arguments.addAll(List.of(words));
    arguments.addAll(List.of("--api", server.base().toString()));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Cli.run(
            arguments.toArray(String[]::new),
            config -> {
              throw new AssertionError("no gateway is to run");
            },
            new StringReader(""),
            new PrintWriter(out, true),
            new PrintWriter(err, true));
    assertEquals(expected, code, () -> out.toString() + err);
    return new Said(out.toString(), err.toString());
  }

  @Test
  void eventsAreListedWithWhoAndWhy() throws Exception {
    String table = run(0, "show", "--lun", RecordedPast.UNIT, "--limit", "3");
    assertEquals(4, table.lines().count(), table);
    assertTrue(table.contains("owner-chosen") && table.contains("gateway gone"), table);
    String first = run(0, "show", "--oldest-first", "--limit", "1");
    assertTrue(first.contains("ada@192.0.2.7"), first);
    JsonNode all = JSON.readTree(run(0, "show", "--limit", "2000", "--json"));
    assertEquals(33, all.size());
  }

  @Test
  void aListThatIsNotAllSaysSo() {
    assertTrue(said(0, "show", "--limit", "3").err().contains("there are older events: --limit"));
    assertTrue(said(0, "show", "--limit", "3", "--oldest-first").err().contains("newer events"));
    assertEquals("", said(0, "show", "--limit", "3", "--quiet").err());
    assertEquals("", said(0, "show", "--limit", "33").err());
    assertTrue(said(0, "show", "--limit", "2000").err().contains("events: 33 of 2000"));
  }

  @Test
  void theViewOfAnInstantIsShown() throws Exception {
    String at = RecordedPast.BEGIN.plusSeconds(7).toString();
    JsonNode view = JSON.readTree(run(0, "replay", "--at", at, "--json"));
    assertEquals(7, view.get("luns").get(0).get("epoch").intValue());
    assertTrue(run(0, "replay", "--at", at).startsWith("TARGET"));
    assertTrue(run(1, "replay", "--at", "yesterday").contains("ISO 8601"));
  }

  @Test
  void whatIsDifferentIsShown() {
    String table =
        run(
            0,
            "diff",
            "--from",
            RecordedPast.BEGIN.plusSeconds(2).toString(),
            "--to",
            RecordedPast.BEGIN.plusSeconds(3).toString());
    assertTrue(
        table
            .lines()
            .anyMatch(line -> line.matches("lun +" + RecordedPast.UNIT + " +owner +gw3 +gw1")),
        table);
  }
}
