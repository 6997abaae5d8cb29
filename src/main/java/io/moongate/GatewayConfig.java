package io.moongate;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigValue;
import io.moongate.cluster.NodeSettings;
import io.moongate.cluster.cassandra.CassandraTls;
import io.moongate.cluster.membership.ClusterTls;
import io.moongate.cluster.membership.MemberIdentity;
import io.moongate.security.Tls;
import io.moongate.security.TlsFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A gateway's configuration: a file over the defaults of {@code conf/}, with system properties over
 * both. A key below {@code moongate} that no default knows is refused with its place in the file: a
 * typo must not silently leave a default in force.
 */
final class GatewayConfig {
  /** Keys that have no default. */
  private static final Set<String> WITHOUT_DEFAULT = Set.of("gateway.name");

  private static final String PROTOCOL = "datastax-java-driver.advanced.protocol.version";

  private GatewayConfig() {}

  /** A mistake in the configuration, in words for whoever wrote it. */
  static final class Mistake extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Mistake(String message) {
      super(message, null, false, false);
    }
  }

  /**
   * Loads the configuration of a gateway.
   *
   * @param file HOCON
   * @param incarnation of this process, which the member's roles carry
   * @throws Mistake that names the key, the file, and what was expected
   */
  static Config load(Path file, String incarnation) {
    if (!Files.isReadable(file)) {
      throw new Mistake(file + ": there is no such file, or it can't be read");
    }
    try {
      Config given =
          ConfigFactory.parseFile(
              file.toFile(), ConfigParseOptions.defaults().setAllowMissing(false));
      Config defaults =
          ConfigFactory.parseResources(GatewayConfig.class.getClassLoader(), "moongate.conf");
      refuseUnknown(given, defaults);
      Config whole =
          ConfigFactory.defaultOverrides()
              .withFallback(given)
              .withFallback(defaults)
              .withFallback(ConfigFactory.defaultReferenceUnresolved())
              .resolve(ConfigResolveOptions.defaults());
      if (!whole.hasPath("moongate.gateway.name")) {
        throw new Mistake(file + ": moongate.gateway.name is missing: the gateway's name");
      }
      checkProtocol(whole);
      return derived(whole, incarnation).withFallback(whole);
    } catch (ConfigException wrong) {
      throw new Mistake(String.valueOf(wrong.getMessage()));
    }
  }

  /**
   * In another version one lost race could cost the connection to Cassandra, or all of the heap.
   */
  private static void checkProtocol(Config whole) {
    String version = whole.hasPath(PROTOCOL) ? whole.getString(PROTOCOL) : "whatever is newest";
    if (!version.equals("V4")) {
      ConfigOrigin origin =
          (whole.hasPath(PROTOCOL) ? whole.getValue(PROTOCOL) : whole.root()).origin();
      throw new ConfigException.BadValue(
          origin, PROTOCOL, "expected V4 (docs/decisions/0036-cql-protocol.md), not " + version);
    }
  }

  /** What follows from other settings and can't be said by substitution. */
  private static Config derived(Config whole, String incarnation) {
    String name = whole.getString("moongate.gateway.name");
    List<String> roles =
        NodeSettings.ownRole(whole).equals(MemberIdentity.METADATA_ROLE)
            ? MemberIdentity.metadataRoles(name)
            : MemberIdentity.roles(name, incarnation, whole.getInt("moongate.watch.port"));
    List<Map<String, Object>> seeds = seeds(whole);
    Config derived =
        ConfigFactory.parseMap(
            Map.of(
                "pekko.cluster.roles",
                roles,
                "pekko.discovery.config.services.moongate.endpoints",
                seeds,
                "pekko.management.cluster.bootstrap.contact-point-discovery"
                    + ".required-contact-point-nr",
                seeds.size() / 2 + 1));
    Config cassandra = whole.getConfig("moongate.cassandra");
    if (!cassandra.getString("username").isEmpty()) {
      derived =
          derived.withFallback(
              ConfigFactory.parseMap(
                  Map.of(
                      "datastax-java-driver.advanced.auth-provider.class",
                      "PlainTextAuthProvider",
                      "datastax-java-driver.advanced.auth-provider.username",
                      cassandra.getString("username"),
                      "datastax-java-driver.advanced.auth-provider.password",
                      cassandra.getString("password"))));
    }
    if (cassandra.getBoolean("tls")) {
      Optional<TlsFiles> files = CassandraTls.files(cassandra);
      files.ifPresent(Tls::of);
      derived =
          derived.withFallback(
              ConfigFactory.parseMap(
                      files
                          .map(CassandraTls::options)
                          .orElse(
                              Map.of(
                                  "advanced.ssl-engine-factory.class", "DefaultSslEngineFactory")))
                  .atPath("datastax-java-driver"));
    } else if (CassandraTls.files(cassandra).isPresent()) {
      throw new IllegalArgumentException(
          "moongate.cassandra.tls-files are named and moongate.cassandra.tls is off: expected on");
    }
    if (TlsFiles.mutual(whole, "moongate.tls").isPresent()) {
      derived =
          derived.withFallback(
              ConfigFactory.parseMap(
                  Map.of(
                      "pekko.remote.artery.transport",
                      "tls-tcp",
                      "pekko.remote.artery.ssl.ssl-engine-provider",
                      ClusterTls.class.getName())));
    }
    return derived;
  }

  private static List<Map<String, Object>> seeds(Config whole) {
    String key = "moongate.cluster.seed-nodes";
    List<Map<String, Object>> seeds = new ArrayList<>();
    for (String seed : whole.getStringList(key)) {
      int colon = seed.lastIndexOf(':');
      String port = seed.substring(colon + 1);
      if (colon < 1 || seed.contains("/") || !port.matches("[0-9]{1,5}")) {
        throw new ConfigException.BadValue(
            whole.getValue(key).origin(),
            key,
            "expected \"host:port\" of a gateway's Pekko Management, not \"" + seed + "\"");
      }
      seeds.add(Map.of("host", seed.substring(0, colon), "port", (Object) Integer.valueOf(port)));
    }
    if (seeds.isEmpty()) {
      throw new ConfigException.BadValue(
          whole.getValue(key).origin(), key, "expected at least one gateway");
    }
    return seeds;
  }

  private static void refuseUnknown(Config given, Config defaults) {
    if (!given.hasPath("moongate")) {
      return;
    }
    Set<String> known = new TreeSet<>(WITHOUT_DEFAULT);
    defaults
        .root()
        .toConfig()
        .resolve(ConfigResolveOptions.defaults().setAllowUnresolved(true))
        .getObject("moongate")
        .toConfig()
        .resolve(ConfigResolveOptions.defaults().setAllowUnresolved(true))
        .root()
        .forEach((key, value) -> collect(key, value, known));
    given.getObject("moongate").forEach((key, value) -> check(key, value, known));
  }

  private static void collect(String path, ConfigValue value, Set<String> known) {
    if (value instanceof ConfigObject section) {
      section.forEach((key, inner) -> collect(path + "." + key, inner, known));
    } else {
      known.add(path);
    }
  }

  private static void check(String path, ConfigValue value, Set<String> known) {
    if (value instanceof ConfigObject section && !section.isEmpty() && !known.contains(path)) {
      section.forEach((key, inner) -> check(path + "." + key, inner, known));
      return;
    }
    if (!known.contains(path)) {
      ConfigOrigin origin = value.origin();
      String nearest = nearest(path, known);
      throw new Mistake(
          "%s: there is no setting moongate.%s%s"
              .formatted(
                  origin.description(),
                  path,
                  nearest.isEmpty() ? "" : "; did you mean moongate." + nearest + "?"));
    }
  }

  private static String nearest(String path, Set<String> known) {
    String best = "";
    int bestDistance = 1 + path.length() / 3;
    for (String candidate : known) {
      int distance = distance(path, candidate);
      if (distance < bestDistance) {
        best = candidate;
        bestDistance = distance;
      }
    }
    return best;
  }

  /** Levenshtein's distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
