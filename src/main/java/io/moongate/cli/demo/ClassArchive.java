package io.moongate.cli.demo;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * An archive of classes that a JVM has loaded, with which the next one starts faster. It is of one
 * Java and of certain jars; where either is another, the JVM does without it.
 */
final class ClassArchive {
  private static final List<String> WITHOUT_A_WORD =
      List.of("-Xlog:cds=off", "-Xlog:cds+dynamic=off");

  private ClassArchive() {}

  /** Options of a JVM that starts with one. */
  static List<String> used(Path archive) {
    return options("-XX:SharedArchiveFile=" + archive, "-Xshare:auto");
  }

  /** Options of a JVM that makes one when it ends in good order. */
  static List<String> made(Path archive) {
    return options("-XX:ArchiveClassesAtExit=" + archive);
  }

  private static List<String> options(String... first) {
    List<String> options = new ArrayList<>(List.of(first));
    options.addAll(WITHOUT_A_WORD);
    return options;
  }
}
