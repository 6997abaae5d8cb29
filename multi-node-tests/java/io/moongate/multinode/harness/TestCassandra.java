package io.moongate.multinode.harness;

import io.moongate.cli.demo.HostProcesses;
import io.moongate.cli.demo.HostProcesses.CassandraAddress;
import io.moongate.cli.demo.HostProcesses.Place;
import io.moongate.cli.demo.HostProcesses.Started;
import java.nio.file.Path;
import java.time.Duration;

/** The real Cassandra node of the test cluster. */
public final class TestCassandra extends TestProcess {
  private final HostProcesses processes;
  private final CassandraAddress address;
  private final Path directory;
  private final Path log;
  private final Place place;

  TestCassandra(
      HostProcesses processes, CassandraAddress address, Path directory, Path log, Place place) {
    super("cassandra");
    this.processes = processes;
    this.address = address;
    this.directory = directory;
    this.log = log;
    this.place = place;
  }

  @Override
  Started launch() {
    return processes.startCassandra(address, directory, log, place);
  }

  /** As a client names it. */
  public String contactPoint() {
    return address.contactPoint();
  }

  /** Waits until it answers CQL. */
  public void awaitAnswer(Duration bound) {
    Await.until(
        "Cassandra to answer on " + address.contactPoint(),
        bound,
        () -> {
          if (!alive()) {
            throw new AssertionError(
                "Cassandra ended with status " + exitStatus() + "; " + logTail());
          }
          return HostProcesses.answersCql(address);
        },
        this::logTail);
  }
}
