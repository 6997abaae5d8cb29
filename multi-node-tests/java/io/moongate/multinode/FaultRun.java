package io.moongate.multinode;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.checker.RegisterChecker;
import io.moongate.multinode.fault.Fault;
import io.moongate.multinode.fault.Scene;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.net.NetworkedCluster;
import io.moongate.multinode.workload.Workload;
import io.moongate.multinode.workload.Workload.Errors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * One row of the table: a fault, so many times under the load of many hosts that use random paths,
 * and what became of their operations.
 */
record FaultRun(NetworkedCluster networked, String name, Fault fault, Expect expect, int runs) {
  private static final int CLIENTS = 8;

  /** Of which many were never written when the fault begins, and so need space. */
  private static final int MANY_BLOCKS = 12_288;

  private static final String HEADER =
      "| fault | runs | operations checked | violations | longest stall | errors that reached a"
          + " client |";

  /** What hosts must be able to expect while the fault lasts. */
  enum Expect {
    /** A path is left: every host gets on, none sees an error. */
    SERVICE,
    /**
     * Nothing can be served while it lasts, and hosts are patient for longer: none sees an error.
     */
    PATIENCE,
    /**
     * Nothing serves until processes are started again, which begins at once and may take longer
     * than hosts are patient: errors are counted, and are no failure.
     */
    OUTAGE,
    /** Errors are what there must be: there are some, and they are counted. */
    ERRORS
  }

  /** Runs it; fails on a violation, on an error that nobody should have seen, or on a hang. */
  void run() {
    System.out.printf("%n== %s: %s, %d times ==%n", name, fault, runs);
    try {
      judge();
    } catch (RuntimeException | Error e) {
      keepLogs();
      throw e;
    }
  }

  private void judge() {
    networked.heal();
    TestLun lun = networked.cluster().createLun(name, 0, 64L << 20, 512, networked.store());
    History history = new History();
    long seed = Workload.seed();
    Random random = new Random(seed);
    Duration longest = null;
    List<String> errors = List.of();
    Throwable failure = null;
    try (Workload workload =
        Workload.start(
            networked.cluster().gateways(),
            lun,
            CLIENTS,
            seed,
            history,
            expect == Expect.ERRORS ? MANY_BLOCKS : Workload.BLOCKS,
            Errors.COUNT)) {
      try {
        for (int run = 1; run <= runs; run++) {
          once(lun, workload, random, run);
        }
      } catch (RuntimeException | Error e) {
        // What was seen until then is judged all the same.
        failure = e;
        networked.network().mend();
      }
      stop(workload, failure);
      errors = workload.errors();
      longest = workload.longest();
    }
    List<String> violations = RegisterChecker.violations(history);
    String row =
        "| %s | %d | %d | %d | %d ms | %d |%s"
            .formatted(
                fault,
                runs,
                history.attempts().size(),
                violations.size(),
                longest.toMillis(),
                errors.size(),
                failure == null ? "" : " FAILED: " + failure.getMessage().lines().findFirst());
    System.out.println(HEADER);
    System.out.println(row);
    errors.stream().distinct().limit(10).forEach(error -> System.out.println("  " + error));
    keepRow(row);
    Histories.requireLinearizable(name, history);
    if (failure != null) {
      throw new AssertionError(name + ": " + failure.getMessage(), failure);
    }
    if (expect == Expect.ERRORS && errors.isEmpty()) {
      throw new AssertionError("no error reached a client: the fault met nobody");
    }
    boolean patient = expect == Expect.SERVICE || expect == Expect.PATIENCE;
    if (patient && !errors.isEmpty()) {
      throw new AssertionError("errors reached clients: " + errors);
    }
  }

  private static void stop(Workload workload, Throwable failure) {
    try {
      workload.stop();
    } catch (AssertionError e) {
      if (failure == null) {
        throw e;
      }
      failure.addSuppressed(e);
    }
  }

  private void once(TestLun lun, Workload workload, Random random, int run) {
    workload.awaitProgress(200);
    Scene scene = new Scene(networked, lun, workload, random);
    System.out.printf("run %d: %s%n", run, scene);
    long began = System.nanoTime();
    fault.inject(scene);
    if (expect == Expect.SERVICE) {
      workload.awaitProgress(100);
      System.out.printf("  every host had got on after %d ms%n", millisSince(began));
    }
    Duration lasts = expect == Expect.OUTAGE ? Duration.ZERO : Fault.BEYOND_LEASE;
    Await.until(
        "the fault to have lasted",
        lasts.plusSeconds(5),
        () -> System.nanoTime() - began >= lasts.toNanos(),
        () -> "");
    if (expect == Expect.SERVICE) {
      workload.awaitProgress(100);
    }
    long ended = System.nanoTime();
    fault.heal(scene);
    networked.heal();
    workload.awaitProgress(200);
    System.out.printf("  whole again after %d ms%n", millisSince(ended));
  }

  private static long millisSince(long moment) {
    return (System.nanoTime() - moment) / 1_000_000;
  }

  private static void keepRow(String row) {
    Path table = Installation.find().output().resolve("fault-table.md");
    try {
      Files.createDirectories(table.getParent());
      Files.writeString(table, row + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void keepLogs() {
    Path kept = Installation.find().output().resolve("failures").resolve(name);
    try (Stream<Path> logs = Files.list(networked.cluster().logs())) {
      Files.createDirectories(kept);
      for (Path log : logs.toList()) {
        Files.copy(log, kept.resolve(log.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
      System.out.println("the logs of the cluster are kept in " + kept);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
