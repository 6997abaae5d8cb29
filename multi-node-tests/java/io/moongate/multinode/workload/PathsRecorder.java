package io.moongate.multinode.workload;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.TestGateway;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

/** The paths as a gateway lists them, again and again. */
public final class PathsRecorder implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What was listed at a moment. */
  public record Sample(Instant at, JsonNode paths) {}

  private final List<Sample> samples = new CopyOnWriteArrayList<>();
  private final AtomicBoolean ended = new AtomicBoolean();
  private final Thread thread;

  public PathsRecorder(TestGateway gateway) {
    thread =
        new Thread(
            () -> {
              while (!ended.get()) {
                try {
                  Instant at = Instant.now();
                  samples.add(new Sample(at, JSON.readTree(gateway.api().text("/api/v1/paths"))));
                  Thread.sleep(50);
                } catch (ApiException | IOException e) {
                  continue; // What was not seen is not compared.
                } catch (InterruptedException e) {
                  return;
                }
              }
            },
            "paths-recorder");
    thread.start();
  }

  /**
   * Samples around which nothing changed.
   *
   * @param recorded for so long before them: by then what was is on record
   */
  public List<Sample> settled(Duration recorded) {
    List<Sample> settled = new ArrayList<>();
    Instant changed = samples.get(0).at();
    for (int i = 1; i + 1 < samples.size(); i++) {
      Sample one = samples.get(i);
      if (!one.paths().equals(samples.get(i - 1).paths())) {
        changed = one.at();
      } else if (one.at().isAfter(changed.plus(recorded))
          && one.paths().equals(samples.get(i + 1).paths())) {
        settled.add(one);
      }
    }
    return settled;
  }

  @Override
  public void close() {
    ended.set(true);
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
