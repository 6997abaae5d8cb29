package io.moongate.audit;

import com.datastax.oss.driver.api.core.DriverException;
import com.typesafe.config.ConfigException;
import io.moongate.cluster.security.SecurityLog;
import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code moongate audit verify|heads|export}: what reads the whole journal does so in Cassandra, by
 * a gateway's configuration, and takes nothing from a gateway that serves.
 */
@Command(
    name = "audit",
    description = "Check or export the history in Cassandra. Changes nothing there.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND")
public final class JournalCommand implements Runnable {
  private static final List<String> COMMANDS = List.of("verify", "heads", "export");
  private static final long RESUME_INTERVAL_NANOS = Duration.ofSeconds(1).toNanos();

  @Spec private CommandSpec spec;

  /** Whether a word is one of its commands. */
  public static boolean knows(String word) {
    return COMMANDS.contains(word);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "say what to do: verify, heads or export");
  }

  @Command(
      name = "verify",
      description = {
        "Compute every digest again, replay everything, and compare the snapshots with it; name each row that was",
        "altered, is missing, or should not be there. Exit 0 when there is none, else 1. With --heads also what",
        "was cut off, or written anew as a whole, since those heads were taken."
      },
      mixinStandardHelpOptions = true)
  int verify(
      @Option(
              names = "--config",
              required = true,
              paramLabel = "FILE",
              description = "A gateway's configuration; its moongate.cassandra section is used.")
          Path config,
      @Option(
              names = "--heads",
              paramLabel = "FILE",
              description = "What `moongate audit heads` printed before, and was kept elsewhere.")
          Path heads,
      @Option(
              names = "--threads",
              defaultValue = "2",
              paramLabel = "N",
              description = "Entities that are checked at a time (default: ${DEFAULT-VALUE}).")
          int threads) {
    return with(
        config,
        access -> {
          Map<String, ChainCheck.Head> expected = heads == null ? Map.of() : HeadsFile.read(heads);
          JournalVerification verification =
              new JournalVerification(access.journal(), access.codec(), expected, this::tell);
          Progress progress = new Progress(err(), verification::events);
          Iterator<Journal.Entity> entities = access.journal().entities(Long.MIN_VALUE);
          try (Workers workers = new Workers(threads(threads), Duration.ofDays(365))) {
            workers
                .forEach(
                    entities,
                    workers.deadline(),
                    entity -> {
                      if (isChained(entity)) {
                        verification.entity(entity.persistenceId());
                      }
                      progress.at(entity.token());
                    })
                .toCompletableFuture()
                .join();
          }
          verification.end();
          tell(
              "%d events, of which %d have no digest; %d faults; %d s"
                  .formatted(
                      verification.events(),
                      verification.unsealed(),
                      verification.faults(),
                      progress.seconds()));
          return verification.faults() == 0 ? 0 : 1;
        });
  }

  /** Requests that were refused are kept beside the entities, without digests. */
  private static boolean isChained(Journal.Entity entity) {
    return !entity.persistenceId().startsWith(SecurityLog.KIND + "|");
  }

  @Command(
      name = "heads",
      description = {
        "Print where each history ends, its number of events and last digest, as JSON lines. Keep them where whoever",
        "can write to Cassandra can't: only by them `verify --heads` finds a history that was written anew."
      },
      mixinStandardHelpOptions = true)
  int heads(
      @Option(
              names = "--config",
              required = true,
              paramLabel = "FILE",
              description = "A gateway's configuration; its moongate.cassandra section is used.")
          Path config) {
    return with(
        config,
        access -> {
          Iterator<Journal.Entity> entities = access.journal().entities(Long.MIN_VALUE);
          long faults = 0;
          while (entities.hasNext()) {
            Journal.Entity entity = entities.next();
            if (!isChained(entity)) {
              continue;
            }
            String id = entity.persistenceId();
            ChainCheck.Report report =
                ChainCheck.check(id, access.journal().rows(id, 1), Optional.empty());
            report.faults().forEach(err()::println);
            faults += report.faults().size();
            tell(HeadsFile.line(report.head()));
          }
          return faults == 0 ? 0 : 1;
        });
  }

  @Command(
      name = "export",
      description = {
        "Replay everything and write each event with the state before and after it, one history after another.",
        "Without secrets, not even encrypted."
      },
      mixinStandardHelpOptions = true)
  int export(
      @Option(
              names = "--config",
              required = true,
              paramLabel = "FILE",
              description = "A gateway's configuration; its moongate.cassandra section is used.")
          Path config,
      @Option(
              names = "--format",
              defaultValue = "jsonl",
              paramLabel = "FORMAT",
              description = "jsonl or csv (default: ${DEFAULT-VALUE}).")
          String format,
      @Option(
              names = "--output",
              paramLabel = "FILE",
              description = "Where to; default: standard output.")
          Path output,
      @Option(
              names = "--resume",
              paramLabel = "FILE",
              description =
                  "Keep there how far it has come, and go on from there when the file is there already;"
                      + " it is removed at the end. Needs --output.")
          Path resume) {
    JournalExport.Format wanted = format(format);
    if (resume != null && output == null) {
      throw new ParameterException(spec.commandLine(), "--resume needs --output");
    }
    return with(
        config,
        access -> {
          ResumeFile kept = resume == null ? null : new ResumeFile(resume);
          Optional<ResumeFile.Point> point = kept == null ? Optional.empty() : kept.read();
          point
              .filter(from -> !from.format().equals(wanted.toString()))
              .ifPresent(
                  from -> {
                    throw new IllegalArgumentException(
                        "%s is of an export as %s".formatted(resume, from.format()));
                  });
          if (output == null) {
            export(access, wanted, System.out, Optional.empty(), null);
            return 0;
          }
          try (RandomAccessFile file = new RandomAccessFile(output.toFile(), "rw")) {
            long bytes = point.map(ResumeFile.Point::bytes).orElse(0L);
            if (file.length() < bytes) {
              throw new IllegalArgumentException(
                  "%s is shorter than %s says that it was".formatted(output, resume));
            }
            file.setLength(bytes);
            file.seek(bytes);
            export(access, wanted, Channels.newOutputStream(file.getChannel()), point, kept);
          }
          return 0;
        });
  }

  private void export(
      JournalAccess access,
      JournalExport.Format format,
      OutputStream to,
      Optional<ResumeFile.Point> from,
      ResumeFile kept)
      throws IOException {
    Counted counted = new Counted(to, from.map(ResumeFile.Point::bytes).orElse(0L));
    PrintWriter out = new PrintWriter(new OutputStreamWriter(counted, StandardCharsets.UTF_8));
    JournalExport export = new JournalExport(access.journal(), access.codec(), format, out);
    Progress progress = new Progress(err(), export::events);
    if (from.isEmpty()) {
      export.head();
    }
    Iterator<Journal.Entity> entities =
        access.journal().entities(from.map(ResumeFile.Point::token).orElse(Long.MIN_VALUE));
    long saved = System.nanoTime();
    while (entities.hasNext()) {
      Journal.Entity entity = entities.next();
      export.entity(entity.persistenceId());
      if (out.checkError()) {
        throw new IOException("the output can't be written");
      }
      progress.at(entity.token());
      if (kept != null && System.nanoTime() - saved >= RESUME_INTERVAL_NANOS) {
        counted.flush();
        kept.write(new ResumeFile.Point(format.toString(), entity.token(), counted.bytes()));
        saved = System.nanoTime();
      }
    }
    out.flush();
    counted.flush();
    if (kept != null) {
      kept.done();
    }
    err().println("%,d events, %d s".formatted(export.events(), progress.seconds()));
  }

  /** Counts what it is given, before it is buffered. */
  private static final class Counted extends FilterOutputStream {
    private long bytes;

    Counted(OutputStream to, long bytes) {
      super(new BufferedOutputStream(to, 1 << 16));
      this.bytes = bytes;
    }

    @Override
    public void write(int one) throws IOException {
      out.write(one);
      bytes++;
    }

    @Override
    public void write(byte[] many, int offset, int length) throws IOException {
      out.write(many, offset, length);
      bytes += length;
    }

    long bytes() {
      return bytes;
    }
  }

  private JournalExport.Format format(String word) {
    for (JournalExport.Format each : JournalExport.Format.values()) {
      if (each.toString().equals(word)) {
        return each;
      }
    }
    throw new ParameterException(
        spec.commandLine(), "--format must be jsonl or csv, and is " + word);
  }

  private int threads(int threads) {
    if (threads < 1 || threads > 64) {
      throw new ParameterException(
          spec.commandLine(), "--threads must be 1 to 64, and is " + threads);
    }
    return threads;
  }

  private interface Work {
    int in(JournalAccess access) throws IOException;
  }

  private int with(Path config, Work work) {
    try (JournalAccess access = new JournalAccess(config)) {
      return work.in(access);
    } catch (CompletionException e) {
      return failed(e.getCause() == null ? e : e.getCause());
    } catch (ConfigException
        | IllegalArgumentException
        | IllegalStateException
        | DriverException
        | JournalFault
        | IOException e) {
      return failed(e);
    }
  }

  private int failed(Throwable failure) {
    err()
        .println(
            "moongate audit: "
                + (failure instanceof DriverException ? "Cassandra: " : "")
                + failure.getMessage());
    return 1;
  }

  private synchronized void tell(String line) {
    spec.commandLine().getOut().println(line);
  }

  private PrintWriter err() {
    return spec.commandLine().getErr();
  }
}
