package io.moongate;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import io.moongate.management.Reloading;
import io.moongate.management.api.Reloaded;
import io.moongate.management.api.Reloaded.Setting;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the configuration file again while the gateway runs. The whole of it is looked at as at the
 * start. When there is a mistake in it, or something has changed that needs a restart, nothing is
 * taken: what is in force is always what one file said.
 */
final class Reload implements Reloading {
  private static final Logger LOG = LoggerFactory.getLogger(Reload.class);

  /**
   * What changes without a restart.
   *
   * @param keys its settings
   * @param take puts them in force; doesn't fail
   */
  record Part(Set<String> keys, Consumer<GatewaySettings> take) {
    Part {
      keys = Set.copyOf(keys);
    }
  }

  /** What is moved without anybody asking for the single unit. */
  static final Set<String> MOVEMENTS =
      Set.of(
          "moongate.ownership.failback.automatic",
          "moongate.ownership.failback.stable-for",
          "moongate.ownership.rebalance.automatic",
          "moongate.ownership.rebalance.tolerance",
          "moongate.ownership.rebalance.load-tolerance",
          "moongate.ownership.rebalance.least-load",
          "moongate.ownership.moves-at-once");

  /** When a store is in trouble. */
  static final Set<String> STORES =
      Set.of(
          "moongate.volume.watch.errors",
          "moongate.volume.watch.slow-after",
          "moongate.volume.watch.stuck-after",
          "moongate.volume.watch.patience",
          "moongate.volume.watch.stands-for");

  private final Path file;
  private final String incarnation;
  private final List<Part> parts;
  private Config inForce;

  /**
   * @param begunWith what the gateway was started with
   */
  Reload(Path file, String incarnation, GatewaySettings begunWith, List<Part> parts) {
    this.file = file;
    this.incarnation = incarnation;
    this.inForce = begunWith.config();
    this.parts = List.copyOf(parts);
  }

  @Override
  public synchronized Reloaded reload(String by, boolean dryRun) throws Refused {
    GatewaySettings read;
    try {
      read = GatewaySettings.read(file, incarnation);
    } catch (GatewayConfig.Mistake mistake) {
      throw refused(by, "%s has a mistake: %s".formatted(file, mistake.getMessage()));
    }
    List<Setting> changed = changed(inForce, read.config());
    Set<String> mayChange =
        parts.stream().flatMap(part -> part.keys().stream()).collect(Collectors.toSet());
    Set<String> others = new TreeSet<>();
    changed.stream().map(Setting::key).filter(key -> !mayChange.contains(key)).forEach(others::add);
    if (!others.isEmpty()) {
      // Values are not named: there are passwords among them.
      throw refused(
          by,
          "%s has other values for what only a restart changes: %s. Nothing of it was taken: set them back, or restart"
              .formatted(file, String.join(", ", others)));
    }
    Reloaded reloaded = new Reloaded(read.node().gateway(), file.toString(), !dryRun, changed);
    if (dryRun) {
      return reloaded;
    }
    Set<String> keys = changed.stream().map(Setting::key).collect(Collectors.toSet());
    for (Part part : parts) {
      if (part.keys().stream().anyMatch(keys::contains)) {
        part.take().accept(read);
      }
    }
    inForce = read.config();
    LOG.info(
        "event=reloaded file={} by=\"{}\" applied=\"{}\"",
        file,
        by,
        changed.stream()
            .map(each -> "%s: %s, was %s".formatted(each.key(), each.to(), each.from()))
            .collect(Collectors.joining("; ")));
    return reloaded;
  }

  private Refused refused(String by, String reason) {
    LOG.warn("event=reload-refused by=\"{}\" reason=\"{}\"", by, reason);
    return new Refused(reason);
  }

  /** Settings with another value, by their names. */
  private static List<Setting> changed(Config before, Config now) {
    Map<String, String> was = values(before);
    Map<String, String> is = values(now);
    Set<String> keys = new TreeSet<>(was.keySet());
    keys.addAll(is.keySet());
    List<Setting> changed = new ArrayList<>();
    for (String key : keys) {
      if (!Objects.equals(was.get(key), is.get(key))) {
        changed.add(new Setting(key, was.getOrDefault(key, "-"), is.getOrDefault(key, "-")));
      }
    }
    return changed;
  }

  private static Map<String, String> values(Config config) {
    Map<String, String> values = new TreeMap<>();
    for (Map.Entry<String, ConfigValue> entry : config.entrySet()) {
      values.put(entry.getKey(), entry.getValue().render(ConfigRenderOptions.concise()));
    }
    return values;
  }
}
