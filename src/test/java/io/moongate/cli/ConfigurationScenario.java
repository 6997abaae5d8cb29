package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.moongate.cluster.access.ChapSecrets;
import io.moongate.cluster.access.KeyFiles;
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
import org.junit.jupiter.api.io.TempDir;

/** A cluster with a little of everything, which can be exported and lost. */
abstract class ConfigurationScenario {

  static final String OPEN = "iqn.2026-11.io.moongate:open";
  static final String LISTED = "iqn.2026-11.io.moongate:listed";
  static final String HOST = "iqn.2026-11.example:host";
  static final String SECRET = "secretsecret1";

  static TestServer server;
  @TempDir Path directory;

  record Outcome(int code, String out, String err) {}

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
  void lose() throws IOException {
    Path key = directory.resolve("key");
    if (Files.notExists(key)) {
      KeyFiles.make(key);
    }
    server.metadata().reset();
    server.metadata().secrets(new ChapSecrets(Optional.of(key)));
  }

  String secret() throws IOException {
    return privately("secret", SECRET).toString();
  }

  Path privately(String name, String text) throws IOException {
    Path file = Files.writeString(directory.resolve(name), text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  static Outcome run(String... words) {
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

  static String succeed(String... words) {
    Outcome outcome = run(words);
    assertEquals(0, outcome.code(), outcome.err());
    return outcome.out();
  }

  Path exported() {
    Path file = directory.resolve("exported.json");
    succeed("export", file.toString());
    return file;
  }

  Path secrets() throws IOException {
    return privately(
        "secrets",
        """
        {"%s": {"mutualChap": "%s", "initiators": {"%s": "%s"}}}
        """
            .formatted(LISTED, SECRET + "2", HOST, SECRET));
  }
}
