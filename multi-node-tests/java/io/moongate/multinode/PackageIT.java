package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.multinode.harness.CleanRoot;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.InstalledGateway;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The Debian package in a clean root: installed, run, upgraded beneath it, removed and purged. */
@ClusterAlone
class PackageIT {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final String CONFIG = "/etc/moongate/gateway.conf";
  private static final String API = "http://127.0.0.9:8080";
  private static final String TARGET = "iqn.2026-11.io.moongate:packaged";

  /** What a package's own state is to dpkg, and to the tools that know of users. */
  private static final List<String> OTHERS =
      List.of(
          "/var/lib/dpkg",
          "/var/log",
          "/var/cache",
          "/var/lib/systemd",
          "/etc/passwd",
          "/etc/group",
          "/etc/shadow",
          "/etc/gshadow",
          "/etc/subuid",
          "/etc/subgid",
          "/etc/.pwd.lock",
          "/dev",
          "/proc",
          "/root",
          "/run",
          "/tmp");

  private static Path built() throws IOException {
    try (Stream<Path> files = Files.list(Installation.find().home().resolve("target"))) {
      List<Path> packages =
          files
              .filter(file -> file.getFileName().toString().matches("moongate_.*_all\\.deb"))
              .toList();
      assertEquals(1, packages.size(), "./moongate package makes one package: " + packages);
      return packages.get(0);
    }
  }

  private static String field(Path deb, String name) {
    return Tool.DPKG_DEB.run(BOUND, "-f", deb.toString(), name).succeeded().text().strip();
  }

  @Test
  void whatIsInThePackageIsWhereItBelongs() throws Exception {
    Path deb = built();
    assertEquals("moongate", field(deb, "Package"));
    assertEquals("all", field(deb, "Architecture"));
    assertTrue(field(deb, "Version").matches("[0-9]+\\.[0-9]+\\.[0-9]+([~+].+)?"));
    assertTrue(field(deb, "Depends").contains("openjdk-17-jre-headless"));
    assertTrue(Integer.parseInt(field(deb, "Installed-Size")) > 10_000);
    String listing = Tool.DPKG_DEB.run(BOUND, "-c", deb.toString()).succeeded().text();
    Set<String> jars = new TreeSet<>();
    for (String line : listing.lines().toList()) {
      // Mode, owner, size, day, time, name.
      String[] words = line.split("\\s+", 6);
      assertEquals("root/root", words[1], line);
      // As all of the build: so that the same sources make the same package.
      assertEquals("2026-11-01 00:00", words[3] + " " + words[4], line);
      String name = words[5];
      assertTrue(
          name.matches("\\./((etc|var)?|etc/moongate/.*|var/lib/(moongate/)?|usr/.*)/?"), line);
      assertFalse(name.startsWith("./usr/local"), line);
      assertFalse(words[0].substring(1).matches(".{5}w.*|.{8}w.*|.*[sStT].*"), line);
      if (words[0].startsWith("-")) {
        boolean launcher = name.equals("./usr/share/moongate/moongate");
        assertEquals(launcher, words[0].contains("x"), line);
      }
      if (name.matches("\\./usr/share/moongate/lib/.*\\.jar")) {
        String artifact =
            name.replaceFirst(".*/", "").replaceFirst("-[0-9][0-9A-Za-z.]*(?=[-.])", "");
        assertTrue(jars.add(artifact), "two versions of " + artifact);
      }
    }
    assertTrue(listing.contains(" ./usr/bin/moongate -> ../share/moongate/moongate"), listing);
    Path control = Files.createTempDirectory("moongate-control");
    try {
      Tool.DPKG_DEB.run(BOUND, "-e", deb.toString(), control.toString()).succeeded();
      assertEquals(
          Set.of(CONFIG, "/etc/moongate/environment"),
          Set.copyOf(Files.readAllLines(control.resolve("conffiles"))));
      for (String script : List.of("postinst", "prerm", "postrm")) {
        assertEquals(
            "rwxr-xr-x",
            PosixFilePermissions.toString(Files.getPosixFilePermissions(control.resolve(script))));
      }
      List<String> sums = Files.readAllLines(control.resolve("md5sums"));
      assertTrue(sums.stream().anyMatch(line -> line.endsWith(" usr/share/moongate/moongate")));
    } finally {
      try (Stream<Path> files = Files.list(control)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(control);
    }
  }

  @Test
  @Tag("long")
  void itIsInstalledStartedUpgradedRemovedAndPurged(TestCluster cluster) throws Exception {
    Path deb = built();
    Path output = Installation.find().output();
    try (CleanRoot root = CleanRoot.make(output.resolve("package"))) {
      Set<String> before = ours(root);
      String said = install(root, deb);
      assertTrue(said.contains("nothing was started"), said);
      assertEquals("", root.run("dpkg", "--verify", "moongate").succeeded().text());
      unconfigured(root);
      configure(root, cluster.cassandra().contactPoint());
      try (InstalledGateway gateway =
          InstalledGateway.start(root, "gateway", cluster.logs().resolve("packaged.log"))) {
        gateway.awaitReady();
        serves(root);
        upgraded(root, newer(deb, output.resolve("package-newer")), gateway);
      }
      try (InstalledGateway gateway =
          InstalledGateway.start(root, "gateway", cluster.logs().resolve("upgraded.log"))) {
        gateway.awaitReady();
        assertTrue(cli(root, "lun", "list", "--target", TARGET).text().contains(TARGET));
      }
      removed(root);
      purged(root, before, deb);
    }
  }

  private static String install(CleanRoot root, Path deb) throws IOException {
    Files.copy(deb, root.path("/tmp/moongate.deb"), StandardCopyOption.REPLACE_EXISTING);
    return root.run(
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "dpkg",
            "--force-confdef",
            "--force-confold",
            "-i",
            "/tmp/moongate.deb")
        .succeeded()
        .text();
  }

  private static Tool.Output cli(CleanRoot root, String... words) {
    List<String> line =
        Stream.concat(
                Stream.of("moongate"),
                Stream.concat(
                    Stream.of(words),
                    Stream.of("--api", API, "--token-file", "/root/packaged.token")))
            .toList();
    return root.run(line.toArray(String[]::new)).succeeded();
  }

  /** What is installed runs, and says what is missing. */
  private static void unconfigured(CleanRoot root) {
    String version = root.run("moongate", "version").succeeded().text();
    assertTrue(version.startsWith("moongate "), version);
    Tool.Output gateway = root.run("moongate", "gateway", "--config", CONFIG);
    assertEquals(78, gateway.status(), gateway.text());
    assertTrue(gateway.text().contains("moongate.gateway.name is missing"), gateway.text());
    Tool.Output demo = root.run("moongate", "demo");
    assertEquals(1, demo.status());
    assertTrue(demo.text().contains("is an installed copy"), demo.text());
    Tool.Output completion =
        root.run(
            "bash",
            "-c",
            "source /usr/share/bash-completion/completions/moongate && complete -p moongate");
    assertTrue(completion.succeeded().text().contains("moongate"), completion.text());
    assertEquals(
        "root:moongate 640\n", root.run("stat", "-c", "%U:%G %a", CONFIG).succeeded().text());
  }

  private static void configure(CleanRoot root, String cassandra) throws IOException {
    Path config = root.path(CONFIG);
    Files.writeString(
        config,
        Files.readString(config)
            + """
            moongate {
              gateway { name = "gw1", host = "127.0.0.9" }
              cluster.seed-nodes = ["127.0.0.9:8558"]
              iscsi.portals = ["127.0.0.9:3260"]
              management.host = "127.0.0.9"
              cassandra { contact-points = ["%s"], keyspace = "packaged" }
            }
            """
                .formatted(cassandra));
    root.run("moongate", "schema", "apply", "--config", CONFIG, "--replication-factor", "1")
        .succeeded();
    String token =
        root.run(
                "moongate",
                "token",
                "create",
                "--user",
                "admin",
                "--role",
                "admin",
                "--file",
                "/etc/moongate/users")
            .succeeded()
            .text();
    // With the file of users made by the package, root's command leaves it the gateway's.
    assertEquals(
        "moongate 600\n",
        root.run("stat", "-c", "%U %a", "/etc/moongate/users").succeeded().text());
    Files.writeString(
        root.path("/root/packaged.token"), token.lines().findFirst().orElseThrow() + "\n");
    Files.setPosixFilePermissions(
        root.path("/root/packaged.token"), PosixFilePermissions.fromString("rw-------"));
  }

  private static void serves(CleanRoot root) throws IOException {
    cli(root, "target", "create", TARGET);
    cli(root, "lun", "create", "--target", TARGET, "--lun", "0", "--size", "16MiB");
    Tool.Output doctor =
        root.run(
            "moongate",
            "doctor",
            "--json",
            "--config",
            CONFIG,
            "--token-file",
            "/root/packaged.token");
    JsonNode results = new ObjectMapper().readTree(doctor.text());
    int readBack = 0;
    for (JsonNode result : results) {
      if (result.path("check").asText().equals("read back")) {
        assertEquals("ok", result.path("state").asText(), result::toString);
        readBack++;
      }
    }
    assertEquals(1, readBack, doctor.text());
  }

  /** The same package as a higher version, with another of its libraries and of its files. */
  private static Path newer(Path deb, Path directory) throws IOException {
    Tool.DPKG_DEB.run(BOUND, "-R", deb.toString(), directory.toString()).succeeded();
    Path control = directory.resolve("DEBIAN").resolve("control");
    Files.writeString(
        control, Files.readString(control).replaceFirst("(?m)^Version: .*$", "Version: 999.0.0"));
    for (String file : List.of("gateway.conf", "environment")) {
      Path conf = directory.resolve("etc/moongate").resolve(file);
      Files.writeString(conf, Files.readString(conf) + "# Said by the newer version.\n");
    }
    Path lib = directory.resolve("usr/share/moongate/lib");
    try (Stream<Path> jars = Files.list(lib)) {
      Path picocli =
          jars.filter(jar -> jar.getFileName().toString().startsWith("picocli-"))
              .findFirst()
              .orElseThrow();
      Files.move(picocli, lib.resolve("picocli-999.jar"));
    }
    Path newer = directory.resolveSibling("moongate-newer.deb");
    Tool.DPKG_DEB
        .run(BOUND, "--root-owner-group", "-Znone", "-b", directory.toString(), newer.toString())
        .succeeded();
    Tool.RM.run(BOUND, "-r", directory.toString()).succeeded();
    return newer;
  }

  private static void upgraded(CleanRoot root, Path newer, InstalledGateway gateway)
      throws IOException {
    String configured = Files.readString(root.path(CONFIG));
    String said = install(root, newer);
    Files.delete(newer);
    assertTrue(said.contains("a gateway that runs goes on with the version"), said);
    assertEquals(
        "999.0.0", root.run("dpkg-query", "-W", "-f=${Version}", "moongate").succeeded().text());
    // What the operator has changed is kept, and what the package now has lies beside it.
    assertEquals(configured, Files.readString(root.path(CONFIG)));
    assertTrue(
        Files.readString(root.path(CONFIG + ".dpkg-dist")).contains("Said by the newer version"));
    assertTrue(
        Files.readString(root.path("/etc/moongate/environment"))
            .contains("Said by the newer version"));
    // The gateway has not noticed, and serves whatever it had not loaded before.
    assertTrue(gateway.alive(), "the gateway goes on");
    cli(root, "lun", "create", "--target", TARGET, "--lun", "1", "--size", "16MiB");
    assertTrue(cli(root, "audit", "show").text().contains("lun"), "the journal is read");
  }

  private static void removed(CleanRoot root) throws IOException {
    Path systemctl = root.path("/usr/local/bin/systemctl");
    Path wants = root.path("/etc/systemd/system/multi-user.target.wants");
    Path running = root.path("/run/systemd/system");
    Files.createDirectories(systemctl.getParent());
    Files.createDirectories(running);
    Files.createDirectories(wants);
    Path link = wants.resolve("moongate@gw2.service");
    Files.createSymbolicLink(link, Path.of("/usr/lib/systemd/system/moongate@.service"));
    // One that says what it was asked for.
    Files.writeString(systemctl, "#!/bin/sh\necho \"$@\" >> /tmp/systemctl.log\n");
    Files.setPosixFilePermissions(systemctl, PosixFilePermissions.fromString("rwxr-xr-x"));
    root.run("dpkg", "-r", "moongate").succeeded();
    List<String> asked = Files.readAllLines(root.path("/tmp/systemctl.log"));
    assertTrue(
        asked.containsAll(
            List.of(
                "disable --now moongate.service",
                "disable moongate@gw2.service",
                "stop moongate@*.service")),
        asked::toString);
    Files.delete(systemctl);
    Files.delete(link);
    Files.delete(running);
    assertFalse(Files.exists(root.path("/usr/share/moongate/moongate")));
    assertTrue(Files.exists(root.path(CONFIG)), "the configuration stays until it is purged");
    assertTrue(Files.isDirectory(root.path("/var/lib/moongate/volumes")));
  }

  private static void purged(CleanRoot root, Set<String> before, Path deb) throws IOException {
    String kept = root.run("dpkg", "-P", "moongate").succeeded().text();
    assertTrue(kept.contains("/var/lib/moongate is left"), kept);
    assertFalse(Files.exists(root.path("/etc/moongate")));
    assertNotEquals(0, volumes(root), "volumes are never removed");
    assertEquals(0, root.run("id", "moongate").status(), "who owns them is kept, too");
    // Without any there is nothing left.
    install(root, deb);
    root.run("rm", "-r", "/var/lib/moongate/volumes").succeeded();
    String purged = root.run("dpkg", "-P", "moongate").succeeded().text();
    assertFalse(purged.contains("is left"), purged);
    assertEquals(before, ours(root));
    assertNotEquals(0, root.run("id", "moongate").status());
  }

  private static long volumes(CleanRoot root) throws IOException {
    try (Stream<Path> files = Files.list(root.path("/var/lib/moongate/volumes"))) {
      return files.count();
    }
  }

  /** What is other in the root than on the host, but for what is others'. */
  private static Set<String> ours(CleanRoot root) {
    return root.changed().stream()
        .filter(file -> OTHERS.stream().noneMatch(file::startsWith))
        .filter(file -> Files.exists(root.path(file)) != Files.exists(Path.of(file)))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
