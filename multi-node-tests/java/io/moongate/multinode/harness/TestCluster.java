package io.moongate.multinode.harness;

import io.moongate.cli.demo.HostProcesses;
import io.moongate.cli.demo.HostProcesses.Started;
import io.moongate.management.api.AllowInitiator;
import io.moongate.management.api.CreateLun;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.SetChap;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Await.Unready;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A real Cassandra and gateways, each a process of this host, under one directory. */
public final class TestCluster implements AutoCloseable {
  /**
   * Within which a cluster, or a gateway that comes back, must be ready on a slow and busy machine.
   */
  public static final Duration START_BOUND = Duration.ofSeconds(120);

  private static final Duration STOP_BOUND = Duration.ofSeconds(30);
  private static final int MOST_EXPULSIONS = 3;

  private final Path directory;
  private final HostProcesses processes;
  private final CassandraRing ring;
  private final List<TestGateway> gateways;

  /** Those that are to join later. */
  private final Deque<TestGateway> spare = new ArrayDeque<>();

  /** The member that is no gateway and has all entities, where there is one. */
  private Optional<TestGateway> metadata = Optional.empty();

  private final Map<String, Integer> expulsions = new HashMap<>();

  /** How gateways of each build are started. */
  private final Map<Installation, HostProcesses> builds = new ConcurrentHashMap<>();

  private final Thread killer;

  private TestCluster(Installation installation, Path directory, Site site) {
    this.directory = directory;
    this.processes = new HostProcesses(installation.home(), installation.classPath());
    this.ring = CassandraRing.of(processes, site, directory, logs());
    this.gateways =
        new CopyOnWriteArrayList<>(
            IntStream.rangeClosed(1, site.hosts().size())
                .mapToObj(index -> gateway(site, index))
                .toList());
    HostProcesses.writeConfigurations(
        directory, site.hosts(), site.cassandra(), directory.resolve("volumes"), site.more());
    writePortals(directory, site);
    // A process that is paused does not see the SIGTERM that it gets when this JVM dies.
    this.builds.put(installation, processes);
    this.killer = new Thread(this::killProcesses, "kill-test-cluster");
  }

  private static void writePortals(Path directory, Site site) {
    for (int index = 1; index <= site.hosts().size(); index++) {
      String portal = site.portals().get(index - 1);
      if (!portal.equals(site.hosts().get(index - 1))) {
        try {
          Files.writeString(
              directory.resolve("gw" + index + ".conf"),
              "%nmoongate.iscsi.portals = [\"%s:3260\"]%n".formatted(portal),
              StandardOpenOption.APPEND);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private TestGateway gateway(Site site, int index) {
    return new TestGateway(
        processes,
        index,
        site.hosts().get(index - 1),
        site.portals().get(index - 1),
        directory,
        logs(),
        site.places().apply("gw" + index),
        site.secured().map(Site.Secured::authority));
  }

  /** Starts a new cluster on the loopback addresses, with nothing in it. */
  public static TestCluster start(Installation installation, Path directory, int size) {
    return start(installation, directory, Site.loopback(size));
  }

  /** Starts a new cluster on the loopback addresses to which one more gateway can {@link #join}. */
  public static TestCluster startWithSpare(Installation installation, Path directory, int size) {
    return start(installation, directory, Site.loopback(size + 1), 1);
  }

  /**
   * Starts a new cluster on the loopback addresses, of so many gateways and a member of role {@code
   * metadata}, which alone hosts the entities.
   */
  public static TestCluster startWithMetadata(Installation installation, Path directory, int size) {
    Site site = Site.loopback(size + 1).with("moongate.cluster.entities = metadata\n");
    return start(
        installation,
        directory,
        site,
        0,
        cluster -> {
          TestGateway last = cluster.gateways.remove(cluster.gateways.size() - 1);
          append(directory.resolve(last + ".conf"), "\nmoongate.cluster.role = metadata\n");
          cluster.metadata = Optional.of(last);
        });
  }

  private static void append(Path file, String lines) {
    try {
      Files.writeString(file, lines, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The member that is no gateway. */
  public TestGateway metadata() {
    return metadata.orElseThrow();
  }

  /**
   * Starts a new cluster with nothing in it.
   *
   * @param directory is emptied
   */
  public static TestCluster start(Installation installation, Path directory, Site site) {
    return start(installation, directory, site, 0);
  }

  private static TestCluster start(
      Installation installation, Path directory, Site site, int spares) {
    return start(installation, directory, site, spares, cluster -> {});
  }

  private static TestCluster start(
      Installation installation,
      Path directory,
      Site site,
      int spares,
      Consumer<TestCluster> prepare) {
    deleteTree(directory);
    createDirectories(directory.resolve("logs"));
    createDirectories(directory.resolve("volumes"));
    TestCluster cluster = new TestCluster(installation, directory, site);
    for (int index = 0; index < spares; index++) {
      cluster.spare.add(cluster.gateways.remove(cluster.gateways.size() - 1));
    }
    prepare.accept(cluster);
    Runtime.getRuntime().addShutdownHook(cluster.killer);
    try {
      cluster.begin();
      return cluster;
    } catch (RuntimeException | Error e) {
      cluster.close();
      throw e;
    }
  }

  /** Starts Cassandra, makes the tables, and starts the gateways. */
  private void begin() {
    ring.start();
    makeTables();
    metadata.ifPresent(TestGateway::start);
    gateways.forEach(TestGateway::start);
    awaitReady();
  }

  private void makeTables() {
    Started schema =
        processes.applySchema(
            directory.resolve("gw1.conf"), logs().resolve("schema.log"), ring.size(), START_BOUND);
    ring.awaitWhole();
    if (!schema.awaitExit(START_BOUND) || schema.exitStatus() != 0) {
      throw new AssertionError("the schema was not applied; " + schema.logTail());
    }
  }

  /**
   * SIGKILL to everything; then the same gateways with an empty Cassandra. What is in the volumes
   * stays.
   */
  public void loseMetadata() {
    killAll();
    deleteTree(directory.resolve("cassandra"));
    begin();
  }

  /**
   * Stops the gateways in good order, each of which must end by itself; then makes the tables that
   * are not there, and starts the gateways.
   */
  public void restartWithTables() {
    gateways.forEach(TestGateway::terminate);
    gateways.forEach(gateway -> gateway.awaitExit(START_BOUND));
    makeTables();
    gateways.forEach(TestGateway::start);
    awaitReady();
  }

  public List<TestGateway> gateways() {
    return gateways;
  }

  /** Starts a gateway that was kept back, and waits until it is one of them. */
  public TestGateway join() {
    TestGateway joining = spare.remove();
    gateways.add(joining);
    joining.start();
    awaitReady();
    return joining;
  }

  /** A gateway that has ended is not one of them any more. */
  public void leave(TestGateway gone) {
    gateways.remove(gone);
  }

  public TestGateway gateway(String name) {
    return gateways.stream()
        .filter(gateway -> gateway.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no gateway " + name));
  }

  /** Those that run and are not paused. */
  public List<TestGateway> serving() {
    return gateways.stream().filter(gateway -> gateway.alive() && !gateway.paused()).toList();
  }

  /** Those that serve, but for the named one. */
  public List<TestGateway> servingWithout(TestGateway other) {
    return serving().stream().filter(gateway -> gateway != other).toList();
  }

  /** The only node of Cassandra. */
  public TestCassandra cassandra() {
    return ring.only();
  }

  /**
   * SIGKILL to a gateway and to the node of Cassandra on its host, where each has one, at once; and
   * waits until both are gone.
   */
  public void killHost(TestGateway gateway) {
    kill(List.of(gateway, ring.node(gateways.indexOf(gateway))));
  }

  /** SIGKILL to several processes at once; waits until all are gone. */
  public void kill(List<? extends TestProcess> several) {
    several.forEach(TestProcess::beginToKill);
    several.forEach(TestProcess::kill);
  }

  public Path directory() {
    return directory;
  }

  /** Logs of every process. */
  public Path logs() {
    return directory.resolve("logs");
  }

  /** Stops everything in good order by SIGTERM; each must end by itself. */
  public void terminate() {
    gateways.forEach(TestGateway::terminate);
    gateways.forEach(gateway -> gateway.awaitExit(STOP_BOUND));
    ring.terminate(STOP_BOUND);
  }

  /** SIGKILL to everything. */
  public void killAll() {
    gateways.forEach(TestGateway::kill);
    metadata.ifPresent(TestGateway::kill);
    ring.kill();
  }

  private void killProcesses() {
    builds.values().forEach(HostProcesses::killAll);
  }

  /** Has a gateway be of another build from its next start on. */
  public void build(TestGateway gateway, Installation build) {
    gateway.build(
        builds.computeIfAbsent(build, other -> new HostProcesses(other.home(), other.classPath())));
  }

  /** Starts all that does not run, ends pauses, and waits until all are ready. */
  public void heal() {
    heal(START_BOUND);
  }

  /** The same, when that may take longer. */
  public void heal(Duration bound) {
    expulsions.clear();
    ring.heal();
    List<TestGateway> members = new ArrayList<>(gateways);
    metadata.ifPresent(members::add);
    for (TestGateway gateway : members) {
      if (gateway.paused()) {
        gateway.kill();
      }
      if (!gateway.alive()) {
        gateway.start();
      }
    }
    awaitReady(bound);
  }

  /**
   * Waits until every gateway is ready, and each lists all of them as up with the pids that they
   * have now.
   */
  public void awaitReady() {
    awaitReady(START_BOUND);
  }

  /** The same, when that may take longer. */
  public void awaitReady(Duration bound) {
    for (TestGateway gateway : gateways) {
      Await.until(
          gateway + " to be ready",
          bound,
          () -> {
            gateways.forEach(this::supervise);
            return gateway.ready();
          },
          gateway::logTail);
    }
    for (TestGateway gateway : gateways) {
      Await.value(
          gateway + " to list every gateway as up",
          bound,
          () -> {
            gateways.forEach(this::supervise);
            requireAllUp(gateway);
            return Boolean.TRUE;
          });
    }
  }

  private void requireAllUp(TestGateway asked) throws Unready {
    Map<String, Long> up = new HashMap<>();
    for (Gateway row : ask(asked.api()::gateways)) {
      if (row.state().equals("up")) {
        up.put(row.name(), row.pid());
      }
    }
    for (TestGateway gateway : gateways) {
      if (!Long.valueOf(gateway.pid()).equals(up.get(gateway.name()))) {
        throw new Unready("%s (pid %d) is missing in %s".formatted(gateway, gateway.pid(), up));
      }
    }
  }

  /**
   * Starts a gateway anew that the cluster expelled, as whoever runs gateways does; fails on any
   * other end.
   */
  private void supervise(TestGateway gateway) {
    if (gateway.alive()) {
      return;
    }
    int status = gateway.exitStatus();
    int times = expulsions.merge(gateway.name(), 1, Integer::sum);
    if (status != TestGateway.EXPELLED || times > MOST_EXPULSIONS) {
      throw new AssertionError(
          "%s ended with status %d; %s".formatted(gateway, status, gateway.logTail()));
    }
    System.out.printf("%s was expelled while it was waited for, and is started anew%n", gateway);
    gateway.start();
  }

  /** Something asked of the API; no answer and "not now" mean to ask again. */
  public interface Question<T> {
    T ask() throws ApiException;
  }

  /**
   * Asks until there is an answer other than "not now"; when none comes, says what the gateways
   * complained of last, since that is what an operator would look at.
   */
  public <T> T done(String what, Question<T> question) {
    return done(what, START_BOUND, question);
  }

  /** The same within a bound of its own. */
  public <T> T done(String what, Duration bound, Question<T> question) {
    try {
      return Await.value(what, bound, () -> ask(question));
    } catch (AssertionError e) {
      StringBuilder said = new StringBuilder(e.getMessage());
      for (TestGateway gateway : gateways) {
        said.append(" | ").append(gateway).append(": ").append(gateway.complaints());
      }
      throw new AssertionError(said.toString(), e);
    }
  }

  /** Asks once. */
  public static <T> T ask(Question<T> question) throws Unready {
    try {
      return question.ask();
    } catch (ApiException e) {
      if (e.transientFailure()) {
        throw new Unready(e.getMessage());
      }
      throw new AssertionError(e.getMessage(), e);
    }
  }

  /**
   * Makes a LUN, and its target when that is not there; every gateway serves it when this returns.
   *
   * @param name the end of the target's name
   * @param number 0 to 16383
   * @param size bytes
   */
  public TestLun createLun(String name, int number, long size) {
    return createLun(name, number, size, 512, "file");
  }

  /**
   * The same with other than the usual blocks.
   *
   * @param blockSize bytes of a logical block
   * @param store kind of the volume store
   */
  public TestLun createLun(String name, int number, long size, int blockSize, String store) {
    TestLun lun = requestLun(createTarget(name), number, size, blockSize, store);
    new PathAgreement(this, lun).await();
    return lun;
  }

  /**
   * The same with a LUN of any kind.
   *
   * @param wanted what to ask for, of a target's name
   */
  public TestLun createLun(String name, Function<String, CreateLun> wanted) {
    CreateLun asked = wanted.apply(createTarget(name));
    ApiClient api = serving().get(0).api();
    TestLun lun = TestLun.of(done(asked.toString(), () -> api.createLun(asked)));
    new PathAgreement(this, lun).await();
    return lun;
  }

  /**
   * Makes a target without LUNs.
   *
   * @param name the end of its name
   * @return its name
   */
  public String createTarget(String name) {
    String target = "iqn.2026-11.io.moongate:" + name;
    ApiClient api = serving().get(0).api();
    done("target " + name, () -> api.createTarget(target));
    return target;
  }

  /** Makes a LUN of a target; which gateways serve it when this returns is not looked at. */
  public TestLun requestLun(String target, int number, long size, int blockSize, String store) {
    ApiClient api = serving().get(0).api();
    return TestLun.of(
        done(
            "LUN %d of %s".formatted(number, target),
            () -> api.createLun(target, number, size, blockSize, store, List.of())));
  }

  /**
   * Lets only these initiators log in to a target from now on, each with the same credentials if
   * any are given; every gateway knows when this returns.
   */
  public void allowOnly(String target, List<String> initiators, SetChap chap) {
    ApiClient api = serving().get(0).api();
    for (String initiator : initiators) {
      AllowInitiator wanted = new AllowInitiator(chap, null, null);
      done(initiator + " to be allowed", () -> api.allow(target, initiator, wanted));
    }
    done(target + " to be listed", () -> api.setAccess(target, "listed"));
    for (TestGateway gateway : serving()) {
      awaitSaid(gateway, "/targets/" + target, List.of("\"listed\""));
      awaitSaid(gateway, "/targets/" + target + "/initiators", initiators);
    }
  }

  /** Waits until a gateway's replica has come to what its API is to say. */
  public void awaitSaid(TestGateway gateway, String path, List<String> words) {
    Await.value(
        gateway + " to say " + words,
        Duration.ofSeconds(30),
        () -> {
          String said = ask(() -> gateway.api().text("/api/v1" + path));
          if (!words.stream().allMatch(said::contains)) {
            throw new Unready(said);
          }
          return said;
        });
  }

  private interface Deletion {
    void delete() throws ApiException;
  }

  private static void unlessGone(Deletion deletion) throws ApiException {
    try {
      deletion.delete();
    } catch (ApiException e) {
      if (e.status() != 404) {
        throw e;
      }
    }
  }

  /** Deletes a target and its LUNs, once the sessions with it have ended. */
  public void delete(String target) {
    ApiClient api = serving().get(0).api();
    Await.value(
        target + " to be deleted",
        START_BOUND,
        () -> {
          try {
            for (LogicalUnit unit : api.luns()) {
              if (target.equals(unit.target())) {
                unlessGone(() -> api.deleteLun(unit.id()));
              }
            }
            unlessGone(() -> api.deleteTarget(target));
            return Boolean.TRUE;
          } catch (ApiException e) {
            // A session that has just ended may still be known, or a LUN that is gone.
            throw new Unready(e.getMessage());
          }
        });
  }

  /** Makes a gateway the owner; all agree on it when this returns. */
  public void move(TestLun lun, TestGateway to) {
    PathAgreement agreement = new PathAgreement(this, lun);
    if (agreement.await().owner().equals(to.name())) {
      return;
    }
    ApiClient api = to.api();
    done("%s to be moved to %s".formatted(lun, to), () -> api.moveLun(lun.id(), to.name()));
    String owner = agreement.await().owner();
    if (!owner.equals(to.name())) {
      throw new AssertionError("%s was moved to %s, and is owned by %s".formatted(lun, to, owner));
    }
  }

  /** What the cluster says of a LUN, asked of any gateway that serves. */
  public LogicalUnit describe(TestLun lun) {
    return Await.value(
        "LUN " + lun,
        Duration.ofSeconds(30),
        () -> ask(() -> serving().get(0).api().lun(lun.id())));
  }

  /** The owner as the gateways agree on it. */
  public TestGateway owner(TestLun lun) {
    return gateway(new PathAgreement(this, lun).await().owner());
  }

  /** Kills whatever runs. The logs stay. */
  @Override
  public void close() {
    killProcesses();
    for (TestGateway gateway : gateways) {
      if (gateway.alive()) {
        gateway.awaitExit(STOP_BOUND);
      }
    }
    ring.awaitExit(STOP_BOUND);
    deleteTree(directory.resolve("volumes"));
    deleteTree(directory.resolve("cassandra"));
    try {
      Runtime.getRuntime().removeShutdownHook(killer);
    } catch (IllegalStateException e) {
      // The JVM is shutting down already, and the hook does no harm.
      return;
    }
  }

  private static void createDirectories(Path path) {
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void deleteTree(Path root) {
    if (!Files.exists(root)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(root)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
