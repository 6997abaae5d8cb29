package io.moongate.multinode.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the tests run: the packaged gateway of this source tree, and Cassandra's jars.
 *
 * @param home the directory of the launcher
 * @param classPath of a gateway
 */
public record Installation(Path home, String classPath) {

  /** Another class path to run the gateways with, for whoever works without packaging. */
  private static final String CLASS_PATH = "moongate.test.classpath";

  private static final List<String> OTHER_JARS =
      List.of("-sources.jar", "-javadoc.jar", "-tests.jar");

  /** The source tree that the tests run in; {@code basedir} is what Maven calls it. */
  public static Installation find() {
    Path home = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    Path target = home.resolve("target");
    if (!Files.isDirectory(target.resolve("cassandra").resolve("lib"))) {
      throw new IllegalStateException(
          "no Cassandra jars in %s: run ./moongate build".formatted(target.resolve("cassandra")));
    }
    String named = System.getProperty(CLASS_PATH, "");
    if (!named.isEmpty()) {
      return new Installation(home, named);
    }
    return in(home);
  }

  /** What is built in a source tree, its gateway as it is packaged. */
  static Installation in(Path home) {
    Path target = home.resolve("target");
    try (Stream<Path> files = Files.list(target)) {
      Path jar =
          files
              .filter(Installation::isGateway)
              .findFirst()
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "no moongate-*.jar in %s: the multi-node tests run the packaged gateway; run ./verify"
                              .formatted(target)));
      return new Installation(home, jar + ":" + target.resolve("lib") + "/*");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isGateway(Path file) {
    String name = file.getFileName().toString();
    return name.startsWith("moongate-")
        && name.endsWith(".jar")
        && OTHER_JARS.stream().noneMatch(name::endsWith);
  }

  /** Where runs leave what they made. */
  public Path output() {
    return home.resolve("target").resolve("multi-node");
  }

  /** A file of {@code multi-node-tests}. */
  public Path testFile(String path) {
    return home.resolve("multi-node-tests").resolve(path);
  }
}
