package io.moongate.cluster.schema;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The statements of a schema file, with its placeholders filled in. It knows as much CQL as our own
 * files use: comments from {@code --} to the end of the line, statements that end in a semicolon,
 * no semicolon inside a literal.
 */
record CqlScript(List<String> statements) {

  private static final Pattern KEYSPACE_NAME = Pattern.compile("[a-z][a-z0-9_]{0,47}");
  private static final Pattern PLACEHOLDER = Pattern.compile("@[A-Z]+@");
  private static final Pattern CREATE_TABLE =
      Pattern.compile(
          "CREATE TABLE IF NOT EXISTS (?<keyspace>\\w+)\\.(?<name>\\w+) ?\\((?<body>.*)\\)(?: WITH .*)?");
  private static final Pattern COLUMN =
      Pattern.compile("(?<name>[a-z_]+) (?<type>[a-z]+(?:<[a-z, ]+>)?)(?: PRIMARY KEY)?");

  CqlScript {
    statements = List.copyOf(statements);
  }

  /** A table as the file declares it: column name to CQL type, in the file's order. */
  record Table(String name, Map<String, String> columns) {}

  /**
   * Fills in {@code @KEYSPACE@} and {@code @RF@} and splits into statements.
   *
   * @throws IllegalArgumentException for a keyspace name that would need quoting, a replication
   *     factor below 1, or a placeholder that is not known
   */
  static CqlScript parse(String text, String keyspace, int replicationFactor) {
    requireKeyspaceName(keyspace);
    if (replicationFactor < 1) {
      throw new IllegalArgumentException("replication factor " + replicationFactor + " is below 1");
    }
    String filled =
        text.replaceAll("(?m)--.*$", "")
            .replace("@KEYSPACE@", keyspace)
            .replace("@RF@", Integer.toString(replicationFactor));
    Matcher left = PLACEHOLDER.matcher(filled);
    if (left.find()) {
      throw new IllegalArgumentException("unknown placeholder " + left.group());
    }
    List<String> statements = new ArrayList<>();
    int start = 0;
    for (int end = filled.indexOf(';'); end >= 0; end = filled.indexOf(';', start)) {
      String statement = filled.substring(start, end).strip().replaceAll("\\s+", " ");
      if (!statement.isEmpty()) {
        statements.add(statement);
      }
      start = end + 1;
    }
    if (!filled.substring(start).isBlank()) {
      throw new IllegalArgumentException(
          "a statement has no semicolon: " + filled.substring(start).strip());
    }
    return new CqlScript(statements);
  }

  /**
   * A name that means the same with and without quotes, so that it can stand in a statement as it
   * is.
   */
  static String requireKeyspaceName(String keyspace) {
    if (!KEYSPACE_NAME.matcher(keyspace).matches()) {
      throw new IllegalArgumentException(
          "keyspace name '"
              + keyspace
              + "' must be 1 to 48 of a-z, 0-9 and _, and begin with a letter");
    }
    return keyspace;
  }

  /** The tables that the statements create. */
  List<Table> tables() {
    return statements.stream().map(CqlScript::table).flatMap(Optional::stream).toList();
  }

  private static Optional<Table> table(String statement) {
    Matcher create = CREATE_TABLE.matcher(statement);
    if (!create.matches()) {
      return Optional.empty();
    }
    Map<String, String> columns = new LinkedHashMap<>();
    for (String part : topLevelParts(create.group("body"))) {
      if (part.toUpperCase(Locale.ROOT).startsWith("PRIMARY KEY")) {
        continue;
      }
      Matcher column = COLUMN.matcher(part);
      if (!column.matches()) {
        throw new IllegalArgumentException(
            "column '" + part + "' of table " + create.group("name") + " is not understood");
      }
      columns.put(column.group("name"), column.group("type"));
    }
    return Optional.of(new Table(create.group("name"), columns));
  }

  /** Splits at the commas that are not inside parentheses or angle brackets. */
  private static List<String> topLevelParts(String body) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int start = 0;
    for (int i = 0; i < body.length(); i++) {
      char c = body.charAt(i);
      if (c == '(' || c == '<') {
        depth++;
      } else if (c == ')' || c == '>') {
        depth--;
      } else if (c == ',' && depth == 0) {
        parts.add(body.substring(start, i).strip());
        start = i + 1;
      }
    }
    parts.add(body.substring(start).strip());
    return parts;
  }
}
