package io.moongate.multinode.host;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.multinode.harness.Await;
import java.time.Duration;
import java.util.List;

/**
 * fio in a guest that writes 4 KiB at random into two files, two at a time into each, past the page
 * cache, again and again until it is told to end, and reads back what it wrote. Each block has a
 * checksum (CRC-32C) and the number of its write, so that what is damaged and what is stale is
 * found out. One file is read back after every 64 writes, the other whenever all of it was written.
 */
public final class FioLoad {
  private static final Duration BOUND = Duration.ofMinutes(10);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What fio ends with when it is interrupted. */
  private static final int INTERRUPTED = 128;

  // The number of a write is compared only where fio is told a number of loops and no time.
  private static final String COMMAND =
      "fio --thread --bs=4k --rw=randwrite --direct=1 --ioengine=libaio --iodepth=2"
          + " --verify=crc32c --verify_fatal=1 --verify_state_save=0 --loops=1000000"
          + " --write_lat_log=%2$s --log_avg_msec=100 --log_max_value=1"
          + " --output-format=json --output=%2$s.json"
          + " --name=soon --filename=%1$s.soon --size=16m --verify_backlog=64"
          + " --name=passes --filename=%1$s.passes --size=1m";

  private final Guest guest;
  private final String prefix;

  private FioLoad(Guest guest, String prefix) {
    this.guest = guest;
    this.prefix = prefix;
  }

  /**
   * What fio saw.
   *
   * @param longest operation from its submission to its completion
   * @param written blocks of 4 KiB
   * @param verified blocks that were read back
   * @param errors of operations and checksums
   * @param slow windows of 100 ms, and the longest operation that ended in each, where that took a
   *     second or more
   */
  public record Seen(
      Duration longest, long written, long verified, long errors, List<String> slow) {}

  /**
   * Starts one.
   *
   * @param file on the disk in question
   * @param name of its logs
   */
  static FioLoad start(Guest guest, String file, String name) {
    String prefix = "/var/log/fio-" + name;
    guest.succeed(
        BOUND,
        """
        rm -f %1$s*
        ( setsid -w %2$s </dev/null >%1$s.err 2>&1; echo $? >%1$s.status ) &
        disown
        """
            .formatted(prefix, COMMAND.formatted(file, prefix)));
    return new FioLoad(guest, prefix);
  }

  /** Fails when it has ended by itself, as it does at an error. */
  public void requireAlive() {
    Guest.Answer ended = guest.run(BOUND, "cat %1$s.status && cat %1$s.err".formatted(prefix));
    if (ended.status() == 0) {
      throw new AssertionError("fio has ended: " + ended.text());
    }
  }

  /** Ends it; fails unless every operation and every checksum was right. */
  public Seen stop() {
    requireAlive();
    guest.succeed(BOUND, "pkill -INT -x fio");
    String status =
        Await.value(
            "fio to end",
            BOUND,
            () -> {
              Guest.Answer answer = guest.run(BOUND, "cat %s.status".formatted(prefix));
              if (answer.status() != 0 || answer.text().isBlank()) {
                throw new Await.Unready("it runs");
              }
              return answer.text().strip();
            });
    String said = guest.succeed(BOUND, "cat %s.err".formatted(prefix));
    String json = guest.succeed(BOUND, "cat %s.json".formatted(prefix));
    Seen seen = read(json, slow());
    int code = Integer.parseInt(status);
    if (code != 0 && code != INTERRUPTED || seen.errors() != 0 || said.contains("verify:")) {
      throw new AssertionError("fio ended with status %s: %s%n%s".formatted(status, said, json));
    }
    return seen;
  }

  /** Lines of fio's log are time in ms, latency in ns, 0 for a read, and more. */
  private List<String> slow() {
    String lines =
        guest.succeed(
            BOUND, "grep -hE '^[0-9]+, [0-9]{10,},' %s_lat.*.log || true".formatted(prefix));
    return lines
        .lines()
        .map(line -> line.split(", *", -1))
        .map(
            fields ->
                "at %s ms a %s of %d ms"
                    .formatted(
                        fields[0],
                        fields[2].equals("0") ? "read" : "write",
                        Long.parseLong(fields[1]) / 1_000_000))
        .toList();
  }

  private static Seen read(String text, List<String> slow) {
    try {
      // Warnings may stand before it.
      JsonNode jobs = JSON.readTree(text.substring(text.indexOf('{'))).path("jobs");
      long longest = 0;
      long written = 0;
      long verified = 0;
      long errors = 0;
      for (JsonNode job : jobs) {
        for (JsonNode way : List.of(job.path("write"), job.path("read"))) {
          longest = Math.max(longest, way.path("lat_ns").path("max").asLong());
        }
        written += job.path("write").path("total_ios").asLong();
        verified += job.path("read").path("total_ios").asLong();
        errors += job.path("error").asLong() + job.path("total_err").asLong();
      }
      if (jobs.size() != 2 || written == 0 || verified == 0) {
        throw new AssertionError("fio did not write and verify in two jobs: " + text);
      }
      return new Seen(Duration.ofNanos(longest), written, verified, errors, slow);
    } catch (JsonProcessingException | StringIndexOutOfBoundsException e) {
      throw new AssertionError("fio's report can't be read: " + text, e);
    }
  }
}
