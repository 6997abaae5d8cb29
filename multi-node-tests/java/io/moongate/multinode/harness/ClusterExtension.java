package io.moongate.multinode.harness;

import io.moongate.volume.rbd.CephCluster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests the cluster of three gateways that all of them share: started for the first test that
 * asks, whole again before each, stopped at the end of the run. Its stores are {@code file}, {@code
 * memory} and {@code rbd}, on a real Ceph whose pool a test can ask for as well. When a test fails
 * the logs up to then are kept under {@code target/multi-node/failures}.
 */
public final class ClusterExtension
    implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, ParameterResolver {
  /** Of whoever uses it, by JUnit's locks. */
  static final String CLUSTER = "moongate.cluster";

  private static final int SIZE = 3;
  private static final String DIRECTORY = "cluster";
  private static final String KEY = "moongate-cluster";
  private static final ReentrantLock HEALING = new ReentrantLock();

  /** The cluster of this run, or why there is none; JUnit closes it at the end. */
  private static final class Shared implements AutoCloseable {
    private final Installation installation;
    private CephCluster.Pool ceph;
    private TestCluster cluster;
    private Throwable failure;

    Shared() {
      installation = Installation.find();
      long start = System.nanoTime();
      try {
        ceph = CephCluster.shared().newPool();
        cluster =
            TestCluster.start(
                installation,
                installation.output().resolve(DIRECTORY),
                Site.loopback(SIZE).with(ceph.configuration()));
        System.out.printf(
            "the test cluster was ready after %.1f s%n", (System.nanoTime() - start) / 1e9);
      } catch (RuntimeException | AssertionError e) {
        failure = e;
        keepLogs(installation, "start");
      }
    }

    TestCluster cluster() {
      if (failure != null) {
        throw new AssertionError("the test cluster did not start", failure);
      }
      return cluster;
    }

    @Override
    public void close() {
      if (cluster != null) {
        cluster.close();
      }
    }
  }

  private static Shared shared(ExtensionContext context) {
    return context
        .getRoot()
        .getStore(ExtensionContext.Namespace.GLOBAL)
        .getOrComputeIfAbsent(KEY, key -> new Shared(), Shared.class);
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    heal(context, context.getRequiredTestClass().getSimpleName());
  }

  private static void heal(ExtensionContext context, String name) {
    TestCluster cluster = shared(context).cluster();
    // Tests that run side by side break nothing: what is healed here, none of them has broken.
    HEALING.lock();
    try {
      cluster.heal();
    } catch (AssertionError e) {
      keepLogs(shared(context).installation, name);
      throw e;
    } finally {
      HEALING.unlock();
    }
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    System.out.printf("%n== %s ==%n", name(context));
    heal(context, name(context));
  }

  @Override
  public void afterEach(ExtensionContext context) {
    if (context.getExecutionException().isPresent()) {
      keepLogs(shared(context).installation, name(context));
    }
  }

  private static void keepLogs(Installation installation, String name) {
    Path logs = installation.output().resolve(DIRECTORY).resolve("logs");
    if (Files.isDirectory(logs)) {
      Path kept = installation.output().resolve("failures").resolve(name);
      copy(logs, kept);
      System.out.println("the logs of the cluster are kept in " + kept);
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return List.of(TestCluster.class, CephCluster.Pool.class)
        .contains(parameter.getParameter().getType());
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    TestCluster cluster = shared(context).cluster();
    return parameter.getParameter().getType() == TestCluster.class ? cluster : shared(context).ceph;
  }

  private static String name(ExtensionContext context) {
    return context.getRequiredTestClass().getSimpleName()
        + "."
        + context.getRequiredTestMethod().getName();
  }

  private static void copy(Path from, Path to) {
    try (Stream<Path> files = Files.list(from)) {
      Files.createDirectories(to);
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
