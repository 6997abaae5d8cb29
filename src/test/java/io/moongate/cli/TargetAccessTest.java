package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cluster.access.ChapSecrets;
import io.moongate.cluster.access.ChapSecrets.Purpose;
import io.moongate.cluster.access.KeyFiles;
import io.moongate.cluster.view.InitiatorEntry;
import io.moongate.cluster.view.TargetAccess;
import io.moongate.management.TestServer;
import io.moongate.management.api.SetChap;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The commands about who may log in, against the real API. */
class TargetAccessTest {
  private static final String TARGET = "iqn.2026-11.io.moongate:demo";
  private static final String HOST = "iqn.2026-11.example:host";
  private static final String SECRET = "a secret of the host";
  private static TestServer server;

  @TempDir Path directory;
  private ChapSecrets secrets;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @BeforeEach
  void reset() throws Exception {
    server.metadata().reset();
    secrets = new ChapSecrets(Optional.of(KeyFiles.make(directory.resolve("key"))));
    server.metadata().secrets(secrets);
    ok("target create " + TARGET);
    ok("lun create --target " + TARGET + " --lun 0 --size 1MiB");
    ok("lun create --target " + TARGET + " --lun 5 --size 1MiB");
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
    assertFalse((out + "" + err).contains(SECRET), out + "" + err);
    return new Outcome(code, out.toString(), err.toString());
  }

  private static Outcome ok(String line) {
    return ok("", line);
  }

  private static Outcome ok(String input, String line) {
    Outcome outcome = run(input, line);
    assertEquals(0, outcome.code(), outcome.err());
    return outcome;
  }

  private static TargetAccess access() {
    return server.metadata().view().target(TARGET).orElseThrow().access();
  }

  private static InitiatorEntry host() {
    return access().of(HOST).orElseThrow();
  }

  private String secretOfHost() throws Exception {
    return secrets.open(Purpose.initiator(TARGET, HOST), host().chap().orElseThrow().sealed());
  }

  private Path secretFile() throws Exception {
    return KeyFiles.privately(directory.resolve("secret"), SECRET + "\n");
  }

  @Test
  void anInitiatorIsAllowedAndShown() throws Exception {
    String allow = "target allow " + TARGET + " " + HOST;
    Outcome allowed =
        ok(allow + " --luns 0=5,1=0 --chap-user host --chap-secret-file " + secretFile());
    assertEquals(
        List.of("initiator " + HOST, "chap host, secret set", "luns 0=5,1=0", "remark -"),
        allowed.rows());
    assertEquals(Optional.of(Map.of(0, 5, 1, 0)), host().luns());
    assertEquals(SECRET, secretOfHost());
    assertTrue(
        ok("target show " + TARGET).rows().contains(HOST + " host 0=5,1=0 -"),
        ok("target show " + TARGET).out());
  }

  @Test
  void whatIsNotGivenStays() throws Exception {
    String allow = "target allow " + TARGET + " " + HOST;
    ok(allow + " --luns 5 --remark rack-7 --chap-user host --chap-secret-file " + secretFile());
    ok(allow + " --luns 0");
    assertEquals(SECRET, secretOfHost());
    assertEquals(Optional.of(Map.of(0, 0)), host().luns());
    assertEquals(Optional.of("rack-7"), host().remark());
    ok(allow + " --chap-user renamed");
    assertEquals("renamed", host().chap().orElseThrow().user());
    assertEquals(SECRET, secretOfHost());
    assertEquals(Optional.of(Map.of(0, 0)), host().luns());
    ok(allow + " --all-luns --no-chap");
    assertEquals(Optional.empty(), host().luns());
    assertEquals(Optional.empty(), host().chap());
    assertEquals(Optional.of("rack-7"), host().remark());
  }

  @Test
  void aSecretComesFromStandardInput() throws Exception {
    ok(
        SECRET + "\r\nand more",
        "target allow " + TARGET + " " + HOST + " --chap-user host --chap-secret-file -");
    assertEquals(SECRET, secretOfHost());
    ok(SECRET + "!\n", "target chap " + TARGET + " --mutual --chap-user gw --chap-secret-file -");
    assertEquals(
        SECRET + "!",
        secrets.open(Purpose.target(TARGET), access().mutualChap().orElseThrow().sealed()));
  }

  /** A command with nothing but the options. */
  @Command(name = "x")
  private static final class Holder {
    @Mixin private ChapOptions chap;
  }

  private static Optional<SetChap> credentials(Map<String, String> environment, String... args) {
    Holder holder = new Holder();
    new CommandLine(holder).parseArgs(args);
    return holder.chap.credentials(new BufferedReader(new StringReader("")), environment);
  }

  @Test
  void aSecretComesFromTheEnvironment() throws Exception {
    Map<String, String> environment = Map.of("MOONGATE_CHAP_SECRET", SECRET);
    assertEquals(
        Optional.of(new SetChap("u", SECRET)), credentials(environment, "--chap-user", "u"));
    assertEquals(Optional.empty(), credentials(environment), "only when it is asked for");
    assertEquals(
        Optional.of(new SetChap("u", SECRET)),
        credentials(
            Map.of("MOONGATE_CHAP_SECRET", "another"),
            "--chap-user",
            "u",
            "--chap-secret-file",
            secretFile().toString()));
    assertFalse(new SetChap("u", SECRET).toString().contains(SECRET));
  }

  @Test
  void aTargetsChapAndAccess() throws Exception {
    String secret = secretFile().toString();
    ok("target chap " + TARGET + " --chap-user all --chap-secret-file " + secret);
    assertEquals(
        SECRET,
        secrets.open(Purpose.everyInitiator(TARGET), access().chap().orElseThrow().sealed()));
    Outcome same =
        run("", "target chap " + TARGET + " --mutual --chap-user gw --chap-secret-file " + secret);
    assertEquals(1, same.code());
    assertTrue(same.err().contains("[field secret]"), same.err());
    Outcome listed = ok("target access " + TARGET + " listed --yes");
    assertTrue(listed.rows().contains("access listed"), listed.out());
    assertTrue(listed.rows().contains("chap all, secret set"), listed.out());
    assertTrue(listed.rows().contains("mutual -"), listed.out());
    assertEquals(
        "cleared CHAP of " + TARGET + "\n", ok("target chap " + TARGET + " --clear").out());
    assertEquals(TargetAccess.OPEN, clearedAndOpen());
  }

  private static TargetAccess clearedAndOpen() {
    ok("target chap " + TARGET + " --clear --mutual");
    ok("target access " + TARGET + " open");
    return access();
  }

  @Test
  void whoIsCutOffIsSaidAndAsked() {
    ok("target allow " + TARGET + " " + HOST);
    Outcome refused = run("no\n", "target access " + TARGET + " listed");
    assertEquals(1, refused.code());
    assertTrue(refused.err().contains("0 sessions of initiators"), refused.err());
    assertTrue(refused.err().contains("perhaps more through gw3"), refused.err());
    assertEquals(TargetAccess.Mode.OPEN, access().mode());
    ok("yes\n", "target access " + TARGET + " listed");
    assertEquals(1, run("", "target deny " + TARGET + " " + HOST).code());
    assertEquals(
        "removed " + HOST + " from the list of " + TARGET + "\n",
        ok("target deny " + TARGET + " " + HOST + " -y").out());
    assertTrue(access().initiators().isEmpty());
  }

  @Test
  void denyingAtAnOpenTargetSaysThatItChangesLittle() {
    ok("target allow " + TARGET + " " + HOST);
    assertTrue(ok("target deny " + TARGET + " " + HOST).out().contains("the target is open"));
    Outcome again = run("", "target deny " + TARGET + " " + HOST);
    assertEquals(1, again.code());
    assertTrue(again.err().contains("There is no initiator " + HOST), again.err());
  }

  @Test
  void answersAsJson() throws Exception {
    String allowed = ok("target allow " + TARGET + " " + HOST + " --luns 5 --json").out();
    assertEquals(5, new ObjectMapper().readTree(allowed).at("/luns/0/lun").intValue());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "target allow IQN",
        "target allow IQN HOST --luns x",
        "target allow IQN HOST --luns 1=",
        "target allow IQN HOST --luns 1 --all-luns",
        "target allow IQN HOST --no-chap --chap-user u",
        "target allow IQN HOST --chap-secret-file -",
        "target allow IQN HOST --chap-secret x",
        "target allow IQN HOST --chap-user u --chap-secret-file -",
        "target allow IQN HOST --chap-user u --chap-secret-file /nowhere/x",
        "target chap IQN",
        "target chap IQN --clear --chap-user u",
        "target access IQN"
      })
  void wrongUsage(String line) {
    Outcome outcome = run("", line.replace("IQN", TARGET).replace("HOST", HOST));
    assertEquals(2, outcome.code(), outcome.err());
    assertTrue(outcome.err().startsWith("moongate: "), outcome.err());
    assertTrue(access().initiators().isEmpty());
  }

  @Test
  void filesThatHoldNoSecretAreNamed() throws Exception {
    Path binary = directory.resolve("binary");
    Files.write(binary, new byte[] {'a', (byte) 0xFF, 'b'});
    String chap = "target chap " + TARGET + " --chap-user u --chap-secret-file ";
    assertTrue(run("", chap + binary).err().contains(binary + ": it is not text in UTF-8"));
    Path empty = Files.createFile(directory.resolve("empty"));
    assertTrue(run("", chap + empty).err().contains("no secret in the first line of " + empty));
    Path big = Files.write(directory.resolve("big"), new byte[2_000]);
    assertTrue(run("", chap + big).err().contains("more than 1024 bytes"));
    assertEquals(TargetAccess.OPEN, access());
  }
}
