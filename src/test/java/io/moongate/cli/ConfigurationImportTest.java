package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cluster.view.UnitAttributes.Imported;
import io.moongate.cluster.view.UnitEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is exported, and what a cluster that has lost it is asked. */
class ConfigurationImportTest extends ConfigurationScenario {
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
    succeed("import", "configuration", file.toString(), "--secrets", path, "--merge");
    assertEquals(after, new ObjectMapper().readTree(succeed("export")));
    // Secrets that are there stay.
    succeed("import", "configuration", file.toString(), "--merge");
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
  void whoWouldComeWithoutASecretOfTheTargetIsLeftOut() throws IOException {
    String chap = privately("target", SECRET + "3").toString();
    succeed("target", "chap", LISTED, "--chap-user", "o", "--chap-secret-file", chap);
    Path file = exported();
    lose();
    // Of all secrets but those of the target.
    Path some =
        privately(
            "some", "{\"%s\": {\"initiators\": {\"%s\": \"%s\"}}}".formatted(LISTED, HOST, SECRET));
    Outcome outcome = run("import", "configuration", file.toString(), "--secrets", some.toString());
    assertEquals(1, outcome.code());
    JsonNode after = new ObjectMapper().readTree(succeed("export"));
    assertEquals(List.of(), after.get("targets").findValuesAsText("initiator"));
    assertTrue(
        outcome
            .err()
            .contains(HOST + "2 of " + LISTED + " sees all: the secret for CHAP of " + LISTED),
        outcome.err());
    assertTrue(
        outcome
            .err()
            .contains(
                HOST + " of " + LISTED + " sees 0=3: the secret for mutual CHAP of " + LISTED),
        outcome.err());
    Path all =
        privately(
            "all",
            Files.readString(secrets())
                .replace("\"mutualChap\"", "\"chap\": \"" + SECRET + "3\", \"mutualChap\""));
    succeed("import", "configuration", file.toString(), "--secrets", all.toString(), "--merge");
    assertEquals(
        new ObjectMapper().readTree(Files.readString(file)).get("targets"),
        new ObjectMapper().readTree(succeed("export")).get("targets"));
  }

  @Test
  void aTargetIsNotOpenedBeforeItsListIsThere() throws IOException {
    succeed(
        "target",
        "allow",
        OPEN,
        HOST,
        "--luns",
        "0=1",
        "--chap-user",
        "h",
        "--chap-secret-file",
        secret());
    Path file = exported();
    lose();
    Outcome outcome = run("import", "configuration", file.toString());
    assertEquals(1, outcome.code());
    assertTrue(outcome.err().contains("left out: access to " + OPEN + ": open"), outcome.err());
    assertTrue(succeed("target", "list").replaceAll(" +", " ").contains("listed"), "closed");
    JsonNode after = new ObjectMapper().readTree(succeed("export"));
    assertEquals(List.of("listed", "listed"), after.get("targets").findValuesAsText("access"));
  }

  @Test
  void anEmptyExportReplacesNothing() throws IOException {
    Path file = exported();
    String good = Files.readString(file);
    lose();
    Outcome refused = run("export", file.toString());
    assertEquals(1, refused.code());
    assertTrue(refused.err().contains("no target and no LUN"), refused.err());
    assertEquals(good, Files.readString(file));
    Path other = Files.writeString(directory.resolve("other"), "what is no export");
    assertEquals(1, run("export", other.toString()).code());
    Path fresh = directory.resolve("fresh.json");
    succeed("export", fresh.toString());
    succeed("export", fresh.toString());
    succeed("export", file.toString(), "--force");
    assertEquals(Files.readString(fresh), Files.readString(file));
  }

  @Test
  void anExportWithAHoleIsReadAgain() throws IOException {
    Configuration good = Configuration.read("exported", Files.readAllBytes(exported()));
    Configuration hole =
        new Configuration(good.format(), good.version(), good.gateways(), List.of(), good.luns());
    Iterator<Configuration> answers = List.of(hole, hole, good).iterator();
    assertEquals(good, ExportCommand.whole(answers::next));
    ApiException refused = assertThrows(ApiException.class, () -> ExportCommand.whole(() -> hole));
    assertTrue(refused.getMessage().contains("that target is not there"), refused.getMessage());
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
    lose();
    Outcome none =
        run("import", "configuration", file.toString(), "--secrets", secrets().toString());
    assertEquals(1, none.code());
    assertTrue(none.err().contains("none of them has registered"), none.err());
    assertTrue(none.err().contains("LUN " + OPEN + "/1: its target is left out"), none.err());
    assertTrue(none.out().contains("done: LUN " + LISTED + "/3"), none.out());
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
    refused(file, good.replace("\"version\" : 1", "\"version\" : 1.9"), "version 1.9 of the");
    refused(
        file, good.replace("\"version\"", "\"luns\" : [], \"version\""), "Duplicate field 'luns'");
    refused(file, good + "{}", "Trailing token");
    refused(file, good.replace("\"listed\"", "\"some\""), "neither open nor listed");
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
