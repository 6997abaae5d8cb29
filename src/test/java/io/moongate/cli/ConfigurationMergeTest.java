package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cluster.view.UnitEntry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is asked of a cluster that has some of what was exported, or has changed it. */
class ConfigurationMergeTest extends ConfigurationScenario {
  @Test
  void aClusterThatHasLostNothingIsLeftAsItIs() throws IOException {
    Path file = exported();
    Outcome refused = run("import", "configuration", file.toString());
    assertEquals(1, refused.code());
    assertTrue(refused.err().contains("has 2 targets and 2 LUNs already"), refused.err());
    List<String> before = server.metadata().view().units().stream().map(UnitEntry::id).toList();
    assertEquals(
        "",
        succeed("import", "configuration", file.toString(), "--merge").replaceAll("note:.*\n", ""));
    assertEquals(before, server.metadata().view().units().stream().map(UnitEntry::id).toList());
    assertEquals(Files.readString(file), succeed("export"));
  }

  @Test
  void whatWasChangedSinceIsNamedAndStays() throws IOException {
    Path file = exported();
    succeed("target", "access", OPEN, "listed", "--yes");
    succeed("target", "allow", OPEN, HOST + "3");
    succeed("target", "allow", LISTED, HOST + "2", "--luns", "5=3", "--remark", "other");
    succeed("target", "set", LISTED, "--explicit-alua", "off");
    succeed("lun", "set", OPEN + "/1", "--read-only", "on", "--preferred", "gw1");
    String now = succeed("export");
    Outcome outcome = run("import", "configuration", file.toString(), "--merge");
    assertEquals(1, outcome.code());
    for (String difference :
        List.of(
            "access to " + OPEN + ": open in the file, and here listed",
            "initiator " + HOST + "2 of " + LISTED + " sees all in the file, and here 5=3",
            "initiator " + HOST + "2 of " + LISTED + ": its remark is \"by name\"",
            "target " + LISTED + " is with explicit ALUA in the file, and not here",
            "it is read-only here, and not read-only in the file",
            "its preferred gateways are gw2 in the file, and here gw1")) {
      assertTrue(outcome.err().contains(difference), difference + " in " + outcome.err());
    }
    assertEquals(now, succeed("export"));
  }

  @Test
  void nothingIsAddedToATargetThatIsOpen() throws IOException {
    Path file = exported();
    succeed("target", "deny", LISTED, HOST + "2", "--yes");
    succeed("target", "access", LISTED, "open", "--yes");
    String now = succeed("export");
    Outcome outcome = run("import", "configuration", file.toString(), "--merge");
    assertEquals(1, outcome.code());
    assertTrue(
        outcome.err().contains(HOST + "2 of " + LISTED + " sees all: the target is open here"),
        outcome.err());
    assertEquals(now, succeed("export"));
    succeed("target", "access", LISTED, "listed", "--yes");
    succeed("import", "configuration", file.toString(), "--merge");
    assertTrue(succeed("target", "initiators", LISTED).contains(HOST + "2"));
  }

  @Test
  void aLunThatCantBeTakenIsLeftOutAndTheRestGoesOn() throws IOException {
    Path file = exported();
    String good = Files.readString(file);
    // Of the LUN that a mask names: the first in the order of ids may be the other.
    JsonNode luns = new ObjectMapper().readTree(good).get("luns");
    String volume =
        luns.get(0).get("readOnly").asBoolean()
            ? luns.get(0).get("volume").asText()
            : luns.get(1).get("volume").asText();
    Files.writeString(
        file, good.replace("\"volume\" : \"" + volume + "\"", "\"volume\" : \"no such/\\u0001\""));
    lose();
    Outcome outcome =
        run("import", "configuration", file.toString(), "--secrets", secrets().toString());
    assertEquals(1, outcome.code());
    assertTrue(outcome.out().contains("failed: LUN " + LISTED + "/3"), outcome.out());
    assertTrue(
        outcome.err().contains("initiator " + HOST + " of " + LISTED + ": its LUN 0"),
        outcome.err());
    assertTrue(outcome.out().contains("done: LUN " + OPEN + "/1"), outcome.out());
    assertTrue(outcome.out().contains("done: access to " + OPEN), outcome.out());
    assertEquals(1, server.metadata().view().units().size());
    // With its volume again it comes, and the mask that was made without it is named.
    Files.writeString(file, good);
    Outcome again = run("import", "configuration", file.toString(), "--merge");
    assertEquals(1, again.code());
    assertEquals(
        "left out: initiator %s of %s sees 0=3 in the file, and here none\n"
            .formatted(HOST, LISTED),
        again.err());
    assertEquals(2, server.metadata().view().units().size());
  }

  @Test
  void aUnitThatIsElsewhereNowIsFoundByItsDesignator() throws IOException {
    Path file = exported();
    lose();
    String path = secrets().toString();
    succeed("import", "configuration", file.toString(), "--secrets", path);
    succeed("lun", "map", OPEN + "/1", "--to", LISTED, "--as", "4");
    succeed("lun", "unmap", "--target", OPEN, "--lun", "1", "--yes");
    succeed("lun", "map", LISTED + "/4", "--to", OPEN, "--as", "9");
    String now = succeed("export");
    Outcome outcome = run("import", "configuration", file.toString(), "--merge");
    assertEquals(1, outcome.code());
    assertEquals(
        "left out: LUN %s/1: it is LUN 9 of that target here\n".formatted(OPEN), outcome.err());
    assertEquals(now, succeed("export"));
  }

  @Test
  void gatewaysThatHaveComeSinceAreNamed() throws IOException {
    Path file = exported();
    String good = Files.readString(file);
    lose();
    Files.writeString(file, good.replace("\"gw2\"", "\"gw9\""));
    succeed("import", "configuration", file.toString(), "--secrets", secrets().toString());
    String now = succeed("export");
    Files.writeString(file, good);
    Outcome outcome = run("import", "configuration", file.toString(), "--merge");
    assertEquals(1, outcome.code());
    assertTrue(
        outcome.err().contains("is exported by gw1, gw2 in the file, and here by gw1"),
        outcome.err());
    assertTrue(
        outcome.err().contains("its preferred gateways are gw2 in the file, and here -"),
        outcome.err());
    assertEquals(now, succeed("export"));
  }

  @Test
  void withoutAGatewayItEndsAtOnce() throws IOException {
    Configuration from = Configuration.read("exported", Files.readAllBytes(exported()));
    ConfigurationPresent nothing = new ConfigurationPresent(Map.of(), Map.of(), Map.of(), Map.of());
    ConfigurationImport importing =
        new ConfigurationImport(
            ConfigurationPlan.of(from, nothing, ConfigurationSecrets.read(secrets())));
    ApiClient nobody =
        new ApiClient(
            List.of(URI.create("http://127.0.0.1:1")),
            Duration.ofSeconds(20),
            Optional.empty(),
            Optional.empty(),
            false);
    List<String> said = new ArrayList<>();
    ApiException silent = assertThrows(ApiException.class, () -> importing.run(nobody, said::add));
    assertEquals(Cli.UNREACHABLE, silent.exitCode());
    assertTrue(silent.getMessage().contains("go on by --merge"), silent.getMessage());
    assertEquals(List.of(), said);
    assertTrue(importing.lines().get(0).startsWith("failed: "), importing.lines()::toString);
    assertTrue(importing.lines().get(1).startsWith("would do: "), importing.lines()::toString);
  }
}
