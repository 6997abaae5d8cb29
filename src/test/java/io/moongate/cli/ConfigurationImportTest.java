package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cluster.access.ChapSecrets;
import io.moongate.cluster.access.KeyFiles;
import io.moongate.cluster.view.UnitAttributes.Imported;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.management.TestServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is exported, and what a cluster that has lost it is asked. */
class ConfigurationImportTest {
  private static final String OPEN = "iqn.2026-11.io.moongate:open";
  private static final String LISTED = "iqn.2026-11.io.moongate:listed";
  private static final String HOST = "iqn.2026-11.example:host";
  private static final String SECRET = "secretsecret1";

  private static TestServer server;
  @TempDir Path directory;

  private record Outcome(int code, String out, String err) {}

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @BeforeEach
  void fill() throws IOException {
    lose();
    succeed("target", "create", OPEN, "--gateways", "gw1,gw2");
    succeed("target", "create", LISTED, "--explicit-alua");
    succeed("lun", "create", "--target", LISTED, "--lun", "3", "--size", "2MiB", "--read-only");
    succeed(
        "target",
        "chap",
        LISTED,
        "--mutual",
        "--chap-user",
        "t",
        "--chap-secret-file",
        privately("mutual", SECRET + "2").toString());
    succeed(
        "target",
        "allow",
        LISTED,
        HOST,
        "--luns",
        "0=3",
        "--chap-user",
        "h",
        "--chap-secret-file",
        secret());
    succeed("target", "allow", LISTED, HOST + "2", "--remark", "by name");
    succeed("target", "access", LISTED, "listed", "--yes");
    succeed(
        "lun", "create", "--target", OPEN, "--lun", "1", "--size", "1MiB", "--preferred", "gw2");
  }

  /** Everything is gone but the key of the secrets. */
  private void lose() throws IOException {
    Path key = directory.resolve("key");
    if (Files.notExists(key)) {
      KeyFiles.make(key);
    }
    server.metadata().reset();
    server.metadata().secrets(new ChapSecrets(Optional.of(key)));
  }

  private String secret() throws IOException {
    return privately("secret", SECRET).toString();
  }

  private Path privately(String name, String text) throws IOException {
    Path file = Files.writeString(directory.resolve(name), text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  private static Outcome run(String... words) {
    List<String> args = new ArrayList<>(List.of(words));
    args.addAll(List.of("--api", server.base().toString()));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Cli.run(
            args.toArray(String[]::new),
            config -> 42,
            new StringReader(""),
            new PrintWriter(out),
            new PrintWriter(err));
    assertFalse((out + "" + err).contains(SECRET), out + "" + err);
    return new Outcome(code, out.toString(), err.toString());
  }

  private static String succeed(String... words) {
    Outcome outcome = run(words);
    assertEquals(0, outcome.code(), outcome.err());
    return outcome.out();
  }

  private Path exported() {
    Path file = directory.resolve("exported.json");
    succeed("export", file.toString());
    return file;
  }

  private Path secrets() throws IOException {
    return privately(
        "secrets",
        """
        {"%s": {"mutualChap": "%s", "initiators": {"%s": "%s"}}}
        """
            .formatted(LISTED, SECRET + "2", HOST, SECRET));
  }

  @Test
  void theSameConfigurationIsTheSameBytes() throws IOException {
    String first = Files.readString(exported());
    assertEquals(first, succeed("export"));
    JsonNode json = new ObjectMapper().readTree(first);
    assertEquals("moongate-configuration", json.get("format").asText());
    assertEquals(1, json.get("version").asInt());
    assertEquals(
        List.of(LISTED, OPEN), json.get("targets").findValuesAsText("name"), "in their order");
    assertEquals(2, json.get("luns").size());
  }

  @Test
  void whatWasLostIsAskedForUnderItsNames() throws IOException {
    Path file = exported();
    JsonNode before = new ObjectMapper().readTree(Files.readString(file));
    lose();
    String path = secrets().toString();
    String said = succeed("import", "configuration", file.toString(), "--secrets", path);
    assertTrue(said.contains("done: target " + OPEN), said);
    JsonNode after = new ObjectMapper().readTree(succeed("export"));
    assertEquals(before.get("targets"), after.get("targets"));
    for (JsonNode lun : before.get("luns")) {
      UnitEntry unit =
          server.metadata().view().units().stream()
              .filter(each -> each.designator().text().equals(lun.get("naa").asText()))
              .findFirst()
              .orElseThrow();
      Imported imported = unit.attributes().imported().orElseThrow();
      assertEquals(lun.get("volume").asText(), imported.volume());
      assertEquals(Optional.of(lun.get("serial").asText()), imported.serial());
      assertEquals(Optional.of(lun.get("id").asText()), imported.formerUnit());
      assertEquals(lun.get("readOnly").asBoolean(), unit.attributes().readOnly());
    }
    // Repeated it changes nothing.
    succeed("import", "configuration", file.toString(), "--secrets", path);
    assertEquals(after, new ObjectMapper().readTree(succeed("export")));
    // Secrets that are there stay.
    succeed("import", "configuration", file.toString());
  }

  @Test
  void whoNeedsASecretIsLeftOutAndNoTargetIsOpenedForThat() throws IOException {
    succeed("target", "chap", OPEN, "--chap-user", "o", "--chap-secret-file", secret());
    Path file = exported();
    lose();
    Outcome outcome = run("import", "configuration", file.toString());
    assertEquals(1, outcome.code());
    assertTrue(outcome.err().contains("left out: CHAP of " + OPEN), outcome.err());
    assertTrue(outcome.err().contains("left out: initiator " + HOST + " of"), outcome.err());
    JsonNode after = new ObjectMapper().readTree(succeed("export"));
    for (JsonNode target : after.get("targets")) {
      assertEquals("listed", target.get("access").asText(), target::toString);
    }
    assertEquals(
        List.of(HOST + "2"), after.get("targets").findValuesAsText("initiator"), "by its name");
  }

  @Test
  void whatWasInMemoryIsGoneAndNobodySeesIt() throws IOException {
    Path file = exported();
    Files.writeString(
        file, Files.readString(file).replace("\"store\" : \"file\"", "\"store\" : \"memory\""));
    lose();
    Outcome outcome =
        run("import", "configuration", file.toString(), "--secrets", secrets().toString());
    assertEquals(1, outcome.code());
    assertTrue(outcome.err().contains("in the memory of a gateway, and are gone"), outcome.err());
    assertTrue(
        outcome.err().contains("left out: initiator " + HOST + " of " + LISTED + ": its LUN 0"),
        outcome.err());
    assertEquals(List.of(), server.metadata().view().units());
    assertTrue(succeed("target", "initiators", LISTED).contains("none"));
  }

  @Test
  void aDryRunChangesNothing() throws IOException {
    Path file = exported();
    lose();
    String said =
        succeed(
            "import",
            "configuration",
            file.toString(),
            "--secrets",
            secrets().toString(),
            "--dry-run");
    assertTrue(said.contains("would do: LUN " + OPEN + "/1"), said);
    assertEquals(List.of(), server.metadata().view().targets());
  }

  @Test
  void unitsThatAreThereAreMappedAndNothingElse() throws IOException {
    Path file = exported();
    List<String> before = server.metadata().view().units().stream().map(UnitEntry::id).toList();
    String said = succeed("import", "configuration", file.toString());
    assertTrue(said.contains("which is there"), said);
    assertEquals(before, server.metadata().view().units().stream().map(UnitEntry::id).toList());
  }

  @Test
  void gatewaysThatAreMissingAreNamed() throws IOException {
    Path file = exported();
    Files.writeString(file, Files.readString(file).replace("\"gw2\"", "\"gw9\""));
    lose();
    String said =
        succeed("import", "configuration", file.toString(), "--secrets", secrets().toString());
    assertTrue(said.contains("note: gateway gw9 has not registered"), said);
    assertTrue(said.contains("target " + OPEN + " names gateways that have not"), said);
    Files.writeString(file, Files.readString(file).replace("\"gw1\"", "\"gw8\""));
    Outcome none = run("import", "configuration", file.toString());
    assertEquals(1, none.code());
    assertTrue(none.err().contains("none of them has registered"), none.err());
  }

  @Test
  void whatIsNoExportIsRefusedWithTheReason() throws IOException {
    Path file = exported();
    String good = Files.readString(file);
    refused(file, "{\"format\": \"other\"}", "its format is not");
    refused(file, good.replace("\"version\" : 1", "\"version\" : 2"), "version 2 of the format");
    refused(file, good.replace("\"access\"", "\"acess\""), "acess");
    refused(file, good.replace("\"naa\"", "\"nab\""), "nab");
    refused(file, good.replaceFirst("\"naa\" : \"[^\"]*\",", ""), "a LUN needs id, naa");
    refused(file, "nonsense", "is no exported configuration");
    assertTrue(run("import", "configuration", "/nowhere").err().contains("Can't read the file"));
  }

  private static void refused(Path file, String text, String reason) throws IOException {
    Files.writeString(file, text);
    Outcome outcome = run("import", "configuration", file.toString());
    assertEquals(1, outcome.code(), outcome.out());
    assertTrue(outcome.err().contains(reason), outcome.err());
  }

  @Test
  void secretsThatOthersCanReadAreNotRead() throws IOException {
    Path file = exported();
    Path secrets =
        Files.setPosixFilePermissions(secrets(), PosixFilePermissions.fromString("rw-r--r--"));
    Outcome outcome =
        run("import", "configuration", file.toString(), "--secrets", secrets.toString());
    assertEquals(1, outcome.code());
    assertTrue(outcome.err().contains("expected 0600"), outcome.err());
    privately("secrets", "{" + SECRET);
    outcome = run("import", "configuration", file.toString(), "--secrets", secrets.toString());
    assertEquals(1, outcome.code());
    assertTrue(outcome.err().contains("is not JSON: line 1"), outcome.err());
  }
}
