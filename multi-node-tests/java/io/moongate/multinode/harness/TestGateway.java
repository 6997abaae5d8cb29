package io.moongate.multinode.harness;

import io.moongate.cli.demo.DemoAccess;
import io.moongate.cli.demo.HostProcesses;
import io.moongate.cli.demo.HostProcesses.Place;
import io.moongate.cli.demo.HostProcesses.Started;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** A gateway of a test cluster: {@code gw1}, {@code gw2}, and so on. */
public final class TestGateway extends TestProcess implements Portal {
  /** The exit status of a gateway that the cluster expelled: it is to be started anew. */
  public static final int EXPELLED = 75;

  private static final int COMPLAINTS = 10;
  private static final int COMPLAINT_LENGTH = 300;

  private final String host;
  private final String portalHost;
  private final Path config;
  private final Path log;
  private final ApiClient api;
  private final boolean encrypted;
  private volatile Place place;
  private volatile HostProcesses processes;

  TestGateway(
      HostProcesses processes,
      int index,
      String host,
      String portalHost,
      Path configurations,
      Path logs,
      Place place,
      Optional<Path> authority) {
    super("gw" + index);
    this.processes = processes;
    this.host = host;
    this.portalHost = portalHost;
    this.place = place;
    this.config = configurations.resolve(name() + ".conf");
    this.log = logs.resolve(name() + ".log");
    this.encrypted = authority.isPresent();
    this.api =
        new ApiClient(
            URI.create((encrypted ? "https://" : "http://") + host + ":8080"),
            DemoAccess.in(configurations).token(),
            authority);
  }

  @Override
  Started launch() {
    return processes.startGateway(name(), config, log, place);
  }

  /** Variables of its environment from its next start on, instead of those before. */
  public void environment(Map<String, String> variables) {
    place = place.with(variables);
  }

  /** The build that it is from its next start on. */
  void build(HostProcesses other) {
    processes = other;
  }

  public String host() {
    return host;
  }

  @Override
  public InetSocketAddress portal() {
    return new InetSocketAddress(portalHost, 3260);
  }

  /** As initiator tools want it. */
  public String url(String target, int lun) {
    return "iscsi://%s:3260/%s/%d".formatted(portalHost, target, lun);
  }

  public ApiClient api() {
    return api;
  }

  /** What it last warned of, and the last that sharding did there, on one line. */
  String complaints() {
    try {
      List<String> lines = Files.readAllLines(log);
      return last(lines, line -> line.contains("level=WARN") || line.contains("level=ERROR"))
          + " / "
          + last(lines, line -> line.contains("level=DEBUG") && line.contains("Shard"));
    } catch (IOException e) {
      return "its log can't be read: " + e;
    }
  }

  private static String last(List<String> lines, Predicate<String> wanted) {
    List<String> found = lines.stream().filter(wanted).toList();
    return found.subList(Math.max(0, found.size() - COMPLAINTS), found.size()).stream()
        .map(line -> line.substring(0, Math.min(line.length(), COMPLAINT_LENGTH)))
        .collect(Collectors.joining(" | "));
  }

  /** Whether it says that hosts can come. */
  public boolean ready() {
    // Where connections are encrypted, Pekko Management answers to gateways alone.
    return encrypted ? api.ready() : ApiClient.ready(URI.create("http://" + host + ":8558/ready"));
  }

  @Override
  public String toString() {
    return name();
  }
}
