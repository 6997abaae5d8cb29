package io.moongate.cli.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How to start another JVM of Moongate: the same Java and classpath as ours, with the options of
 * {@code conf/jvm.options} and of each {@code conf/jvm-NN.options} whose NN is not above the Java's
 * version, and with the archive of a gateway's classes where the build has made one, as the
 * launcher gives them.
 */
record OwnJvm(JavaHome java, String classPath, List<Path> optionFiles) {

  private static final String MAIN = "io.moongate.Main";
  private static final int LOWEST_FEATURE = 17;

  OwnJvm {
    optionFiles = List.copyOf(optionFiles);
  }

  /**
   * @param home the directory of the launcher
   */
  static OwnJvm of(Path home) {
    JavaHome java = JavaHome.running();
    List<Path> files = new ArrayList<>();
    Path conf = home.resolve("conf");
    files.add(conf.resolve("jvm.options"));
    for (int feature = LOWEST_FEATURE; feature <= java.feature(); feature++) {
      Path more = conf.resolve("jvm-" + feature + ".options");
      if (Files.exists(more)) {
        files.add(more);
      }
    }
    return new OwnJvm(java, System.getProperty("java.class.path"), files);
  }

  /**
   * A command line.
   *
   * @param options of the JVM, after those of the files
   */
  List<String> command(List<String> options, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(java.executable().toString());
    optionFiles.forEach(file -> command.add("@" + file));
    Path archive = archive();
    if (Files.isReadable(archive)) {
      command.addAll(ClassArchive.used(archive));
    }
    command.addAll(options);
    command.addAll(List.of("-cp", classPath, MAIN));
    command.addAll(List.of(arguments));
    return command;
  }

  /** Beside the jar, which is the first of the class path. */
  private Path archive() {
    Path jar = Path.of(classPath.substring(0, (classPath + ":").indexOf(':')));
    return jar.resolveSibling("moongate-gateway-" + java.feature() + ".jsa");
  }
}
