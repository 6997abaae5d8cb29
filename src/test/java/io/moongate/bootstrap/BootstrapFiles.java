package io.moongate.bootstrap;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What the files of {@code cluster-bootstrap} may name: variables, ports. */
final class BootstrapFiles {
  private static final Pattern OF_SETTING = Pattern.compile("\\$\\{\\?(MOONGATE_[A-Z0-9_]+)}");
  private static final Pattern OF_SCRIPT = Pattern.compile("\\$\\{(MOONGATE_[A-Z0-9_]+)");
  private static final Pattern OF_LOGS = Pattern.compile("\\$\\{(MOONGATE_LOG_[A-Z]+):-");

  private BootstrapFiles() {}

  static String text(String... path) {
    try {
      return Files.readString(Path.of("", path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every variable that a gateway, its launcher or its entry point looks at. */
  static Set<String> variables() {
    Set<String> all = new TreeSet<>();
    try (Stream<Path> files = Files.list(Path.of("conf"))) {
      for (Path file : files.toList()) {
        collect(OF_SETTING, Files.readString(file), all);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    collect(OF_LOGS, text("conf", "logback.xml"), all);
    collect(OF_SCRIPT, text("moongate"), all);
    collect(OF_SCRIPT, text("cluster-bootstrap", "container", "entrypoint"), all);
    return all;
  }

  private static void collect(Pattern pattern, String text, Set<String> into) {
    Matcher found = pattern.matcher(text);
    while (found.find()) {
      into.add(found.group(1));
    }
  }

  /** Ports of a gateway, as the settings have them where nobody says otherwise. */
  static Set<Integer> ports() {
    Set<Integer> ports = new TreeSet<>();
    for (String file : List.of("cluster.conf", "iscsi.conf", "relay.conf", "management.conf")) {
      Matcher found =
          Pattern.compile(
                  "(?m)^\\s*(?:watch\\.)?port = ([0-9]+)$|^\\s*portals = \\[\"[^\"]*:([0-9]+)\"]")
              .matcher(text("conf", file));
      while (found.find()) {
        ports.add(Integer.valueOf(found.group(1) == null ? found.group(2) : found.group(1)));
      }
    }
    return ports;
  }

  /** The documents of a file. */
  static List<Map<String, Object>> yaml(String... path) {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    List<Map<String, Object>> documents = new ArrayList<>();
    for (Object document : new Yaml(new SafeConstructor(options)).loadAll(text(path))) {
      documents.add(map(document));
    }
    return documents;
  }

  /** What is known to be a mapping. */
  @SuppressWarnings("unchecked")
  static Map<String, Object> map(Object node) {
    return (Map<String, Object>) node;
  }

  /** What is known to be a sequence. */
  @SuppressWarnings("unchecked")
  static List<Object> list(Object node) {
    return (List<Object>) node;
  }

  /** What lies below a mapping, key by key. */
  static Object at(Object node, String... keys) {
    Object found = node;
    for (String key : keys) {
      found = map(found).get(key);
      if (found == null) {
        throw new AssertionError("there is no " + key + " in " + node);
      }
    }
    return found;
  }
}
