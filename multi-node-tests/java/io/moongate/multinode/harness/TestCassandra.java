package io.moongate.multinode.harness;

import io.moongate.cli.demo.HostProcesses;
import io.moongate.cli.demo.HostProcesses.CassandraAddress;
import io.moongate.cli.demo.HostProcesses.Place;
import io.moongate.cli.demo.HostProcesses.Started;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A real node of the test cluster's Cassandra. */
public final class TestCassandra extends TestProcess {
  private final HostProcesses processes;
  private final CassandraAddress address;
  private final List<String> ring;
  private final Path directory;
  private final Path log;
  private final Place place;
  private final String more;

  /**
   * @param directory in which it has one of its own
   * @param ring the hosts of all nodes
   * @param more lines of its configuration
   */
  TestCassandra(
      HostProcesses processes,
      String name,
      CassandraAddress address,
      List<String> ring,
      Path directory,
      Path logs,
      Place place,
      String more) {
    super(name);
    this.processes = processes;
    this.address = address;
    this.ring = List.copyOf(ring);
    this.directory = directory.resolve(name);
    this.log = logs.resolve(name + ".log");
    this.place = place;
    this.more = more;
  }

  @Override
  Started launch() {
    return processes.startCassandra(address, ring, directory, log, place, more);
  }

  /** Where it listens. */
  CassandraAddress address() {
    return address;
  }

  /** As a client names it. */
  public String contactPoint() {
    return address.contactPoint();
  }

  /** Waits until it answers CQL. */
  public void awaitAnswer(Duration bound) {
    Await.until(
        name() + " to answer on " + address.contactPoint(),
        bound,
        () -> {
          if (!alive()) {
            throw new AssertionError(
                "%s ended with status %d; %s".formatted(name(), exitStatus(), logTail()));
          }
          return HostProcesses.answersCql(address);
        },
        this::logTail);
  }
}
