package io.moongate.multinode.host;

import io.moongate.cli.demo.HostProcesses.Place;
import io.moongate.cli.demo.PipedProcess;
import io.moongate.multinode.harness.Tool;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A virtual machine that runs Linux with Debian's iSCSI initiator and multipath tools, on an
 * emulated processor (QEMU's TCG): the real code of a host, at about a tenth of a host's speed. It
 * is told what to do by a virtio port, so that no fault of the network keeps a test from asking it.
 */
public final class Guest implements AutoCloseable {
  private static final Duration BOOT_BOUND = Duration.ofMinutes(10);
  private static final Pattern ANSWER = Pattern.compile("([0-9]+) ([0-9]+) ([A-Za-z0-9+/=]*)");
  private static final int TAIL = 40;

  /**
   * Time from a clock that is the host's, whatever the busy machine did while the processor's was
   * calibrated; no look at whether the timer ticks, for the same reason; and a guest that fails
   * ends.
   */
  private static final String KERNEL_OPTIONS =
      "console=ttyS0 loglevel=4 panic=-1 net.ifnames=0 clocksource=hpet"
          + " tsc=unstable no_timer_check mitigations=off";

  private final PipedProcess qemu;
  private final Path console;
  private final Path errors;
  private final AtomicInteger requests = new AtomicInteger();
  private final Map<Integer, CompletableFuture<Answer>> waiting = new ConcurrentHashMap<>();
  private final CompletableFuture<Void> ready = new CompletableFuture<>();

  private Guest(PipedProcess qemu, Path console, Path errors) {
    this.qemu = qemu;
    this.console = console;
    this.errors = errors;
  }

  /**
   * How a script ended.
   *
   * @param status exit status
   * @param text what it wrote to both of its outputs
   */
  public record Answer(int status, String text) {}

  /**
   * Starts one, and waits until it can be asked.
   *
   * @param place where there is a tap device for it
   * @param tap name of that device
   * @param logs directory of its console and of QEMU's errors
   * @param address with the length of its prefix
   * @param initiator iSCSI name
   */
  public static Guest boot(
      GuestImage image, Place place, String tap, Path logs, String address, String initiator) {
    Path console = logs.resolve("guest-console.log");
    Path errors = logs.resolve("guest-qemu.log");
    List<String> command =
        List.of(
            Tool.QEMU.require().toString(),
            "-nodefaults",
            "-no-user-config",
            "-no-reboot",
            "-display",
            "none",
            "-machine",
            "pc",
            "-accel",
            "tcg,thread=multi",
            "-cpu",
            "qemu64,+rdrand",
            "-smp",
            "2",
            "-m",
            "1024",
            "-kernel",
            image.kernel().toString(),
            "-initrd",
            image.root().toString(),
            "-append",
            KERNEL_OPTIONS
                + " moongate.address=%s moongate.initiator=%s".formatted(address, initiator),
            "-serial",
            "file:" + console,
            "-chardev",
            "stdio,id=agent,signal=off",
            "-device",
            "virtio-serial-pci",
            "-device",
            "virtserialport,chardev=agent,name=io.moongate.agent",
            "-netdev",
            "tap,id=wire,ifname=%s,script=no,downscript=no".formatted(tap),
            "-device",
            "virtio-net-pci,netdev=wire,mac=52:54:00:4d:47:01,romfile=");
    Guest guest = new Guest(PipedProcess.start("guest", place, command, errors), console, errors);
    try {
      guest.listen();
      guest.ready.get(BOOT_BOUND.toSeconds(), TimeUnit.SECONDS);
      return guest;
    } catch (InterruptedException e) {
      guest.close();
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    } catch (ExecutionException | TimeoutException e) {
      guest.close();
      throw new AssertionError("the guest does not start; " + guest.logTail(), e);
    }
  }

  private void listen() {
    Thread listener =
        new Thread(
            () -> {
              try (BufferedReader lines =
                  new BufferedReader(
                      new InputStreamReader(qemu.output(), StandardCharsets.US_ASCII))) {
                String line = lines.readLine();
                while (line != null) {
                  take(line);
                  line = lines.readLine();
                }
                fail(new IOException("the guest has ended"));
              } catch (IOException e) {
                fail(e);
              }
            },
            "guest-listener");
    listener.setDaemon(true);
    listener.start();
  }

  private void take(String line) {
    Matcher answer = ANSWER.matcher(line);
    if (line.equals("ready")) {
      ready.complete(null);
    } else if (answer.matches()) {
      CompletableFuture<Answer> asked = waiting.remove(Integer.valueOf(answer.group(1)));
      if (asked != null) {
        String text =
            new String(Base64.getDecoder().decode(answer.group(3)), StandardCharsets.UTF_8);
        asked.complete(new Answer(Integer.parseInt(answer.group(2)), text));
      }
    } else {
      fail(new IOException("no answer of the guest's: " + line));
    }
  }

  private void fail(IOException reason) {
    ready.completeExceptionally(reason);
    waiting.values().forEach(asked -> asked.completeExceptionally(reason));
  }

  /** Runs a script of bash to its end, whatever that is. */
  public Answer run(Duration bound, String script) {
    int number = requests.incrementAndGet();
    CompletableFuture<Answer> asked = new CompletableFuture<>();
    waiting.put(number, asked);
    try {
      send(number, script);
      return asked.get(bound.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    } catch (IOException | ExecutionException | TimeoutException e) {
      throw new AssertionError(
          "the guest did not answer within %d s: %s; %s"
              .formatted(bound.toSeconds(), script, logTail()),
          e);
    } finally {
      waiting.remove(number);
    }
  }

  /** The same, and fails when it ends other than well. */
  public String succeed(Duration bound, String script) {
    Answer answer = run(bound, script);
    if (answer.status() != 0) {
      throw new AssertionError(
          "in the guest, status %d: %s%n%s".formatted(answer.status(), script, answer.text()));
    }
    return answer.text();
  }

  private void send(int number, String script) throws IOException {
    String line =
        number
            + " "
            + Base64.getEncoder().encodeToString(script.getBytes(StandardCharsets.UTF_8))
            + "\n";
    OutputStream input = qemu.input();
    synchronized (input) {
      input.write(line.getBytes(StandardCharsets.US_ASCII));
      input.flush();
    }
  }

  /** Writes a file; its directory must be there. */
  public void write(Duration bound, String path, List<String> lines, boolean append) {
    String text =
        Base64.getEncoder()
            .encodeToString(String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
    succeed(bound, "{ base64 -d <<<%s; echo; } %s '%s'".formatted(text, append ? ">>" : ">", path));
  }

  /** The last that it wrote to its console, and what QEMU complained of. */
  String logTail() {
    return "its console ends: %s; QEMU: %s".formatted(tail(console), tail(errors));
  }

  private static String tail(Path log) {
    if (!Files.exists(log)) {
      return "(nothing)";
    }
    try {
      List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL), lines.size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Takes its power away. */
  @Override
  public void close() {
    qemu.kill();
  }
}
