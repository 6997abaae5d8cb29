package io.moongate.cli.bench.load;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.management.api.ApiJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code moongate bench load}: the load generator by itself. */
@Command(
    name = "load",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Put a load on one LUN of any iSCSI target, by an initiator of one thread with many sessions;"
          + " print operations a second and how long they took.",
      "Writes go over what is on the LUN, and need --overwrite. Without CHAP.",
      "With --rate operations begin at even distances, and how long each took is counted from when it"
          + " was to begin: what a slow answer holds up is slow, too."
    })
public final class LoadCommand implements Callable<Integer> {
  private static final Pattern PORTAL = Pattern.compile("\\[?([^\\]]+?)\\]?:([0-9]{1,5})");
  private static final ObjectMapper JSON = ApiJson.mapper();

  @Spec private CommandSpec spec;

  @Option(
      names = "--jobs",
      hidden = true,
      description = "Jobs as lines of JSON from standard input, their outcomes to standard output.")
  private boolean jobs;

  @Option(names = "--portal", paramLabel = "ADDRESS:PORT", description = "Where to connect.")
  private String portal;

  @Option(names = "--target", paramLabel = "IQN", description = "Whom to log in to.")
  private String target;

  @Option(
      names = "--lun",
      paramLabel = "N",
      defaultValue = "0",
      description = "0 to 16383 (default: ${DEFAULT-VALUE}).")
  private int lun;

  @Option(
      names = "--operation",
      paramLabel = "NAME",
      defaultValue = "read",
      description = "read, write, or mixed: 70 reads of 100 (default: ${DEFAULT-VALUE}).")
  private Operation operation;

  @Option(
      names = "--pattern",
      paramLabel = "NAME",
      defaultValue = "random",
      description = "sequential or random (default: ${DEFAULT-VALUE}).")
  private AccessPattern pattern;

  @Option(
      names = "--size",
      paramLabel = "BYTES",
      defaultValue = "4096",
      description = "Of one operation, 512 to 1048576 (default: ${DEFAULT-VALUE}).")
  private int size;

  @Option(
      names = "--depth",
      paramLabel = "N",
      defaultValue = "32",
      description = "Operations of a session at a time, 1 to 1024 (default: ${DEFAULT-VALUE}).")
  private int depth;

  @Option(
      names = "--sessions",
      paramLabel = "N",
      defaultValue = "1",
      description = "1 to 256 (default: ${DEFAULT-VALUE}).")
  private int sessions;

  @Option(names = "--digests", description = "Demand header and data digests.")
  private boolean digests;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "10",
      description = "How long (default: ${DEFAULT-VALUE}).")
  private double seconds;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "0",
      description = "Operations a second; 0: as many as there are answers (default: 0).")
  private double rate;

  @Option(
      names = "--verify",
      description =
          "Fail when a block that is read does not say where it is, as those do that this command has"
              + " written: write all of the LUN before.")
  private boolean verify;

  @Option(names = "--overwrite", description = "That the LUN may be written over.")
  private boolean overwrite;

  @Option(names = "--json", description = "Print the outcome as JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (jobs) {
      serve(new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)), out);
      return 0;
    }
    if (operation != Operation.READ && !overwrite) {
      throw usage("--operation %s writes over the LUN: say --overwrite".formatted(operation));
    }
    Job job = job();
    Outcome outcome = Engine.attempt(job);
    if (outcome.error() != null) {
      spec.commandLine().getErr().println("moongate bench load: " + outcome.error());
      return 1;
    }
    if (json) {
      out.println(JSON.writeValueAsString(outcome));
    } else {
      print(outcome, out);
    }
    return 0;
  }

  private Job job() {
    if (portal == null || target == null) {
      throw usage("--portal and --target are needed");
    }
    Matcher matcher = PORTAL.matcher(portal);
    if (!matcher.matches()) {
      throw usage("--portal %s is not ADDRESS:PORT".formatted(portal));
    }
    try {
      return new Job(
          new Job.Place(
              Job.Protocol.ISCSI,
              matcher.group(1),
              Integer.parseInt(matcher.group(2)),
              target,
              lun),
          new Job.Shape(operation, pattern, size, depth, sessions, digests, 0),
          new Job.Extent(0, seconds, rate),
          verify);
    } catch (IllegalArgumentException e) {
      throw usage("--" + e.getMessage());
    }
  }

  private static void print(Outcome outcome, PrintWriter out) {
    LatencyRecord latencies = LatencyRecord.decode(outcome.latencies());
    out.printf(
        Locale.ROOT,
        "%.0f operations a second (%d reads, %d writes in %.1f s, %d sent again)%n",
        outcome.rate(),
        outcome.reads(),
        outcome.writes(),
        outcome.seconds(),
        outcome.repeated());
    out.printf(
        Locale.ROOT,
        "microseconds: p50 %.0f, p99 %.0f, p99.9 %.0f, most %.0f%n",
        latencies.micros(50),
        latencies.micros(99),
        latencies.micros(99.9),
        latencies.mostMicros());
  }

  /** Carries out one job of a line after the other, until there is no more. */
  static void serve(BufferedReader in, PrintWriter out) throws IOException {
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(JSON.writeValueAsString(outcome(line)));
      out.flush();
    }
  }

  private static Outcome outcome(String line) {
    try {
      return Engine.attempt(JSON.readValue(line, Job.class));
    } catch (JsonProcessingException e) {
      return Outcome.failed("no job: " + e.getOriginalMessage());
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
