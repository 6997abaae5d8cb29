package io.moongate.bootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What can be said of the image without an engine that builds it. */
class DockerfileTest {
  private final List<String> instructions = instructions();

  /** Without comments; lines that go on are one. */
  private static List<String> instructions() {
    List<String> all = new ArrayList<>();
    StringBuilder one = new StringBuilder();
    for (String line : BootstrapFiles.text("Dockerfile").lines().toList()) {
      if (!line.startsWith("#") && !line.isBlank()) {
        boolean goesOn = line.endsWith("\\");
        one.append(goesOn ? line.substring(0, line.length() - 1) : line).append(' ');
        if (!goesOn) {
          all.add(one.toString().strip().replaceAll("\\s+", " "));
          one.setLength(0);
        }
      }
    }
    return all;
  }

  private Stream<String> all(String instruction) {
    return instructions.stream()
        .filter(line -> line.startsWith(instruction + " "))
        .map(line -> line.substring(instruction.length() + 1));
  }

  private String only(String instruction) {
    List<String> found = all(instruction).toList();
    assertEquals(1, found.size(), instruction + ": " + found);
    return found.get(0);
  }

  /** What may be said when it is built, with its default; empty where there is none. */
  private Map<String, String> arguments() {
    Map<String, String> defaults = new HashMap<>();
    for (String argument : all("ARG").toList()) {
      int equals = argument.indexOf('=');
      defaults.put(
          equals < 0 ? argument : argument.substring(0, equals),
          equals < 0 ? "" : argument.substring(equals + 1));
    }
    return defaults;
  }

  @Test
  void whatIsCopiedIsThereAndNotIgnored() {
    List<String> wanted =
        BootstrapFiles.text(".dockerignore")
            .lines()
            .filter(line -> line.startsWith("!"))
            .map(line -> line.substring(1).replaceFirst("/\\*\\..*$", ""))
            .toList();
    assertTrue(BootstrapFiles.text(".dockerignore").contains("\n*\n"), "nothing else is sent");
    for (String copy : all("COPY").toList()) {
      List<String> words = new ArrayList<>(List.of(copy.split(" ")));
      boolean ofBuild = words.get(0).startsWith("--from=");
      if (ofBuild) {
        assertEquals("--from=build", words.remove(0));
      }
      for (String source : words.subList(0, words.size() - 1)) {
        if (ofBuild) {
          assertTrue(source.equals("/jre") || source.startsWith("/src/target/"), source);
        } else {
          assertTrue(Files.exists(Path.of(source)), source);
          assertTrue(
              wanted.stream().anyMatch(name -> (source + "/").startsWith(name + "/")), source);
        }
      }
    }
  }

  @Test
  void imagesHaveExactTags() {
    assertEquals(List.of("${BUILD_IMAGE} AS build", "${BASE_IMAGE}"), all("FROM").toList());
    for (String image : List.of("BUILD_IMAGE", "BASE_IMAGE")) {
      String tagged = arguments().get(image);
      assertTrue(tagged.matches("[a-z/-]+:[0-9]+\\.[0-9]+[0-9a-z.-]*"), image + "=" + tagged);
      assertTrue(
          instructions.indexOf("ARG " + image + "=" + tagged)
              < instructions.indexOf("FROM ${BUILD_IMAGE} AS build"),
          "only there it counts for images");
    }
  }

  /** Of files that are made the exporter sets the times; it can't set what stands in them. */
  @Test
  void nothingThatIsMadeTellsTheTimeOfTheBuild() {
    int base = instructions.indexOf("FROM ${BASE_IMAGE}");
    int commit = instructions.indexOf("ARG SOURCE_DATE_EPOCH");
    assertTrue(base < commit, "the commit's time is known where a user is made");
    for (String run : all("RUN").toList()) {
      if (run.contains("useradd ")) {
        assertTrue(commit < instructions.indexOf("RUN " + run), run);
      }
      if (run.contains("apt-get ")) {
        assertTrue(instructions.indexOf("RUN " + run) < commit, "fetched for each commit: " + run);
      }
    }
    assertTrue(
        BootstrapFiles.text("pom.xml")
            .matches("(?s).*<project.build.outputTimestamp>20[^<]+Z</project.*"),
        "the jar's times are not those of the build");
  }

  @Test
  void itRunsAsNobodyInParticularAndEndsInGoodOrder() {
    assertEquals("3260:3260", only("USER"));
    int user = instructions.indexOf("USER 3260:3260");
    assertTrue(
        instructions.subList(user, instructions.size()).stream()
            .noneMatch(line -> line.startsWith("RUN ")),
        "nothing is made as root after that");
    assertEquals("SIGTERM", only("STOPSIGNAL"));
  }

  /** A shell between would be the process that is told to end. */
  @Test
  void commandsAreInTheFormWithoutAShell() {
    assertEquals("[\"/usr/share/moongate/entrypoint\"]", only("ENTRYPOINT"));
    assertEquals("[\"gateway\"]", only("CMD"));
    String health = only("HEALTHCHECK");
    assertTrue(health.endsWith("CMD [\"/usr/share/moongate/entrypoint\", \"health\"]"), health);
    assertTrue(Files.isExecutable(Path.of("cluster-bootstrap", "container", "entrypoint")));
    assertTrue(Files.isExecutable(Path.of("moongate")));
  }

  @Test
  void portsAreThoseOfTheSettings() {
    TreeSet<Integer> exposed = new TreeSet<>();
    for (String port : only("EXPOSE").split(" ")) {
      exposed.add(Integer.valueOf(port));
    }
    assertEquals(BootstrapFiles.ports(), exposed);
  }

  @Test
  void nothingIsLeftOfPackagesAndNothingComesUnasked() {
    for (String run : all("RUN").toList()) {
      assertFalse(run.contains("curl ") || run.contains("wget "), run);
      if (run.contains("apt-get install")) {
        assertTrue(run.contains("--no-install-recommends"), run);
        assertTrue(run.contains("rm -rf /var/lib/apt/lists/*"), run);
        for (String left :
            List.of(
                "/var/cache/apt/*",
                "/var/cache/debconf/*-old",
                "/var/cache/ldconfig/aux-cache",
                "/var/lib/dpkg/*-old",
                "/var/log/apt",
                "/var/log/alternatives.log",
                "/var/log/dpkg.log")) {
          assertTrue(run.contains(" " + left), left);
        }
      }
    }
    assertTrue(only("LABEL").contains("org.opencontainers.image.licenses=\"Apache-2.0\""));
    assertEquals(version(), arguments().get("VERSION"), "the version is that of the build");
  }

  private static String version() {
    String pom = BootstrapFiles.text("pom.xml");
    int from = pom.indexOf("<artifactId>moongate</artifactId>");
    return pom.substring(pom.indexOf("<version>", from) + 9, pom.indexOf("</version>", from));
  }
}
