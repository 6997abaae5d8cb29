package io.moongate.multinode.fault;

import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The wall clock of one gateway, which libfaketime (Debian: libfaketime) puts before the kernel's.
 * The monotonic clock is left alone: what a jump of that would mean, no machine does.
 */
final class Clock {
  private static final String LIBRARY = "libfaketimeMT.so.1";
  private static final Duration BOUND = Duration.ofSeconds(20);
  private static final Duration EXACT = Duration.ofMinutes(1);
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final TestGateway gateway;
  private final Path file;

  private Clock(TestGateway gateway, Path file) {
    this.gateway = gateway;
    this.file = file;
  }

  static Clock of(TestCluster cluster, TestGateway gateway) {
    return new Clock(gateway, cluster.directory().resolve(gateway.name() + ".faketime"));
  }

  /** From its next start on the gateway asks this clock. */
  void prepare() {
    jump(Duration.ZERO);
    gateway.environment(
        Map.of(
            "LD_PRELOAD",
            library().toString(),
            "FAKETIME_TIMESTAMP_FILE",
            file.toString(),
            "FAKETIME_CACHE_DURATION",
            "1",
            "FAKETIME_DONT_FAKE_MONOTONIC",
            "1",
            // Otherwise each wait of a JVM that has a bound ends at once, and is begun again.
            "FAKETIME_FORCE_MONOTONIC_FIX",
            "0"));
  }

  /** Sets how far it is from the kernel's; a second later the gateway sees it. */
  void jump(Duration by) {
    try {
      Path next = file.resolveSibling(file.getFileName() + ".next");
      Files.writeString(next, "%+d%n".formatted(by.toSeconds()));
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until the gateway is that far from the kernel's clock, in its own word. */
  void awaitSeen(Duration by) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + gateway.host() + ":8558/alive"))
            .timeout(BOUND)
            .build();
    Await.value(
        gateway + " to see its clock jump",
        BOUND,
        () -> {
          try {
            HttpResponse<Void> answer = HTTP.send(request, HttpResponse.BodyHandlers.discarding());
            String date = answer.headers().firstValue("Date").orElseThrow();
            Instant there = DateTimeFormatter.RFC_1123_DATE_TIME.parse(date, Instant::from);
            Duration off = Duration.between(Instant.now().plus(by), there).abs();
            if (off.compareTo(EXACT) > 0) {
              throw new Await.Unready("it is " + date + " there");
            }
            return there;
          } catch (IOException e) {
            throw new Await.Unready(e.toString());
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
          }
        });
  }

  private static Path library() {
    for (Path root :
        List.of(Path.of("/usr/lib"), Path.of("/usr/lib64"), Path.of("/usr/local/lib"))) {
      if (!Files.isDirectory(root)) {
        continue;
      }
      try (Stream<Path> files = Files.find(root, 4, (path, is) -> path.endsWith(LIBRARY))) {
        var found = files.findFirst();
        if (found.isPresent()) {
          return found.get();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    throw new AssertionError(LIBRARY + " is missing; Debian: apt-get install libfaketime");
  }
}
