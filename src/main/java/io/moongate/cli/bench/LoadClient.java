package io.moongate.cli.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cli.bench.load.Job;
import io.moongate.cli.bench.load.Outcome;
import io.moongate.cli.demo.Child;
import io.moongate.cli.demo.DemoCluster;
import io.moongate.cli.demo.DemoException;
import io.moongate.management.api.ApiJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The load generator in a process of its own, one for everyone and for the whole of a measurement:
 * so that its code is compiled once, and is the same for all.
 */
final class LoadClient implements AutoCloseable {
  private static final ObjectMapper JSON = ApiJson.mapper();

  /** Above all bounds of the generator's own. */
  private static final Duration BEYOND = Duration.ofMinutes(2);

  /** Of a job that ends by a number of operations. */
  private static final long MOST_SECONDS = 7200;

  private static final Duration END = Duration.ofSeconds(5);
  private static final List<String> OPTIONS =
      List.of("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:MaxDirectMemorySize=256m");

  private final Child child;
  private final PrintWriter in;
  private final BufferedReader out;

  private LoadClient(Child child) {
    this.child = child;
    this.in = new PrintWriter(child.process().getOutputStream(), false, StandardCharsets.UTF_8);
    this.out =
        new BufferedReader(
            new InputStreamReader(child.process().getInputStream(), StandardCharsets.UTF_8));
  }

  static LoadClient start(DemoCluster cluster) {
    List<String> command = cluster.command(OPTIONS, "bench", "load", "--jobs");
    return new LoadClient(cluster.children().startPiped("load", command));
  }

  /**
   * Has a job done.
   *
   * @throws DemoException when it failed
   */
  Outcome run(Job job) {
    double seconds = job.extent().seconds() > 0 ? job.extent().seconds() : MOST_SECONDS;
    Duration bound = BEYOND.plusMillis(Math.round(seconds * 1000));
    try {
      in.println(JSON.writeValueAsString(job));
      in.flush();
      Outcome outcome =
          CompletableFuture.supplyAsync(this::answer).get(bound.toMillis(), TimeUnit.MILLISECONDS);
      if (outcome.error() != null) {
        throw new DemoException("%s: %s".formatted(job, outcome.error()));
      }
      return outcome;
    } catch (JsonProcessingException e) {
      throw new DemoException("no JSON of " + job, e);
    } catch (TimeoutException e) {
      child.kill();
      throw new DemoException("%s did not end within %d s".formatted(job, bound.toSeconds()), e);
    } catch (ExecutionException e) {
      throw new DemoException("%s: %s".formatted(job, e.getCause().getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DemoException("interrupted", e);
    }
  }

  /** The next outcome; what a JVM has to say besides is passed over, unless it was the last. */
  private Outcome answer() {
    String last = "it said nothing";
    try {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.startsWith("{")) {
          return JSON.readValue(line, Outcome.class);
        }
        last = line;
      }
    } catch (IOException e) {
      throw new DemoException("the load generator: " + e, e);
    }
    throw new DemoException("the load generator has ended: " + last);
  }

  @Override
  public void close() {
    // The end of its input is the end of its work.
    in.close();
    if (!child.awaitExit(END)) {
      child.kill();
    }
  }
}
