package io.moongate.cluster.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The schema files themselves, and the comparison with what a keyspace has. */
class CqlScriptTest {

  private static List<CqlScript.Table> tables() {
    return SchemaTool.scripts("moongate", 3).stream().flatMap(s -> s.tables().stream()).toList();
  }

  private static Map<String, Map<String, String>> asFound() {
    Map<String, Map<String, String>> found = new HashMap<>();
    tables().forEach(table -> found.put(table.name(), new HashMap<>(table.columns())));
    return found;
  }

  @Test
  void filesDeclareEveryTable() {
    Set<String> names = new TreeSet<>();
    tables().forEach(table -> names.add(table.name()));
    assertEquals(
        Set.of(
            "all_persistence_ids",
            "entity_terms",
            "imported_names",
            "lease_charter",
            "messages",
            "metadata",
            "port_groups",
            "snapshots",
            "tag_scanning",
            "tag_views",
            "tag_write_progress",
            "unit_naa",
            "unit_owners"),
        names);
  }

  /** Cassandra's own default is up to 2.5 s where little is read. */
  @Test
  void noReadOfATableWaitsForANodeThatIsGone() {
    List<String> creations =
        SchemaTool.scripts("moongate", 3).stream()
            .flatMap(script -> script.statements().stream())
            .filter(statement -> statement.startsWith("CREATE TABLE"))
            .toList();
    assertEquals(tables().size(), creations.size());
    creations.forEach(
        creation -> assertTrue(creation.contains("speculative_retry = '50ms'"), creation));
  }

  @Test
  void columnsAndTypesAreRead() {
    Map<String, String> messages =
        tables().stream()
            .filter(table -> table.name().equals("messages"))
            .findFirst()
            .orElseThrow()
            .columns();
    assertEquals("text", messages.get("persistence_id"));
    assertEquals("set<text>", messages.get("tags"));
    assertEquals("timeuuid", messages.get("timestamp"));
    assertEquals(14, messages.size());
    Map<String, String> metadata =
        tables().stream()
            .filter(table -> table.name().equals("metadata"))
            .findFirst()
            .orElseThrow()
            .columns();
    assertEquals("map<text, text>", metadata.get("properties"));
    assertEquals("text", metadata.get("persistence_id"));
  }

  @Test
  void everyStatementCanBeRepeatedAndNamesTheKeyspace() {
    for (CqlScript script : SchemaTool.scripts("other_1", 3)) {
      for (String statement : script.statements()) {
        assertTrue(
            statement.startsWith("CREATE KEYSPACE IF NOT EXISTS other_1 ")
                || statement.startsWith("CREATE TABLE IF NOT EXISTS other_1."),
            statement);
      }
    }
    String keyspace = SchemaTool.scripts("other_1", 3).get(0).statements().get(0);
    assertTrue(keyspace.contains("'replication_factor': 3"), keyspace);
  }

  @Test
  void reportNamesWhatIsMissing() {
    assertTrue(SchemaTool.compare("moongate", true, tables(), asFound()).complete());

    Map<String, Map<String, String>> found = asFound();
    found.remove("unit_naa");
    found.get("port_groups").remove("gateway");
    found.get("entity_terms").put("term", "int");
    SchemaTool.Report report = SchemaTool.compare("moongate", true, tables(), found);
    assertFalse(report.complete());
    assertEquals(List.of("unit_naa"), report.missingTables());
    assertEquals(
        Set.of("port_groups.gateway text (missing)", "entity_terms.term bigint (is int)"),
        Set.copyOf(report.wrongColumns()));
    assertTrue(report.describe().contains("unit_naa"), report.describe());

    SchemaTool.Report none = SchemaTool.compare("moongate", false, tables(), Map.of());
    assertFalse(none.complete());
    assertTrue(none.describe().contains("does not exist"), none.describe());
  }

  @Test
  void moreColumnsThanExpectedAreFine() {
    Map<String, Map<String, String>> found = asFound();
    found.get("messages").put("added_by_someone", "text");
    assertTrue(SchemaTool.compare("moongate", true, tables(), found).complete());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Moongate", "1a", "a-b", "a; DROP KEYSPACE b", "a\"b"})
  void keyspaceNamesThatNeedQuotesAreRefused(String name) {
    assertThrows(IllegalArgumentException.class, () -> SchemaTool.scripts(name, 1));
  }

  @Test
  void mistakesInAFileAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> CqlScript.parse("SELECT @X@;", "k", 1));
    assertThrows(IllegalArgumentException.class, () -> CqlScript.parse("SELECT 1", "k", 1));
    assertThrows(IllegalArgumentException.class, () -> CqlScript.parse("SELECT 1;", "k", 0));
    assertEquals(
        List.of("SELECT 1", "SELECT 2"),
        CqlScript.parse("-- one;\nSELECT 1; -- two\n\nSELECT\n 2;\n", "k", 1).statements());
  }

  @Test
  void contactPointsMayHaveAPort() {
    assertEquals(9042, SchemaConnection.address("cassandra.example").getPort());
    assertEquals(19042, SchemaConnection.address("10.0.0.1:19042").getPort());
    assertEquals("::1", SchemaConnection.address("[::1]:19042").getHostString());
    assertEquals(9042, SchemaConnection.address("[::1]").getPort());
    assertThrows(IllegalArgumentException.class, () -> SchemaConnection.address("host:port"));
  }
}
