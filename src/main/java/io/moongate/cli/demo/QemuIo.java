package io.moongate.cli.demo;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A {@code qemu-io} that has one LUN open through one portal, and is driven through its standard
 * input. A command is over when it prompts again.
 */
final class QemuIo implements AutoCloseable {

  /** Longer than any bound that a gateway has: a command that takes longer hangs. */
  static final Duration TIMEOUT = Duration.ofSeconds(60);

  private static final String PROMPT = "qemu-io> ";
  private static final Duration CLOSE_GRACE = Duration.ofSeconds(5);

  private final String through;
  private final Child child;

  private QemuIo(String through, Child child) {
    this.through = through;
    this.child = child;
  }

  /**
   * @throws DemoException when it can't log in or does not find the LUN
   */
  static QemuIo open(
      Children children,
      Path executable,
      GatewayAddress gateway,
      String target,
      int lun,
      String initiator) {
    Child child =
        children.startPiped(
            "qemu-io through " + gateway.name(),
            List.of(
                executable.toString(),
                "-n",
                "--image-opts",
                ("driver=raw,file.driver=iscsi,file.transport=tcp,file.portal=%s,file.target=%s,file.lun=%d,"
                        + "file.initiator-name=%s")
                    .formatted(gateway.portal(), target, lun, initiator)));
    QemuIo session = new QemuIo(gateway.name(), child);
    try {
      session.untilPrompt();
      return session;
    } catch (DemoException e) {
      child.kill();
      throw e;
    }
  }

  /** The gateway that it is logged in to. */
  String through() {
    return through;
  }

  /**
   * Fills bytes with a pattern; returns when the target has acknowledged.
   *
   * @throws DemoException when that fails or takes longer than {@link #TIMEOUT}
   */
  void write(Extent extent) {
    expect(
        "write -P %d %d %d".formatted(extent.pattern(), extent.offset(), extent.length()),
        "wrote",
        extent);
  }

  /**
   * @throws DemoException when reading fails, takes longer than {@link #TIMEOUT}, or finds other
   *     bytes
   */
  void verify(Extent extent) {
    expect(
        "read -P %d %d %d".formatted(extent.pattern(), extent.offset(), extent.length()),
        "read",
        extent);
  }

  private void expect(String command, String verb, Extent extent) {
    try {
      child.process().getOutputStream().write((command + "\n").getBytes(StandardCharsets.UTF_8));
      child.process().getOutputStream().flush();
    } catch (IOException e) {
      throw new DemoException("%s through %s: %s".formatted(command, through, e), e);
    }
    String answer = untilPrompt();
    String success =
        "%s %d/%d bytes at offset %d"
            .formatted(verb, extent.length(), extent.length(), extent.offset());
    if (!answer.contains(success) || answer.contains("verification failed")) {
      throw new DemoException("%s through %s: %s".formatted(command, through, answer.strip()));
    }
  }

  /** What it writes up to its next prompt. */
  private String untilPrompt() {
    CompletableFuture<String> reading = CompletableFuture.supplyAsync(this::readUntilPrompt);
    try {
      return reading.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      child.kill();
      throw new DemoException(
          "I/O through %s had no end within %d s".formatted(through, TIMEOUT.toSeconds()), e);
    } catch (ExecutionException e) {
      throw new DemoException(
          "qemu-io through %s: %s".formatted(through, e.getCause().getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DemoException("interrupted", e);
    }
  }

  private String readUntilPrompt() {
    StringBuilder text = new StringBuilder();
    try {
      InputStream in = child.process().getInputStream();
      while (true) {
        int next = in.read();
        if (next < 0) {
          throw new DemoException("it ended: " + text.toString().strip());
        }
        text.append((char) next);
        if (text.length() >= PROMPT.length()
            && text.indexOf(PROMPT, text.length() - PROMPT.length()) >= 0) {
          text.setLength(text.length() - PROMPT.length());
          return text.toString();
        }
      }
    } catch (IOException e) {
      throw new DemoException(e + ": " + text, e);
    }
  }

  @Override
  public void close() {
    if (!child.alive()) {
      return;
    }
    try {
      child.process().getOutputStream().close();
    } catch (IOException e) {
      // It is ending already; the wait below says whether it did.
    }
    if (!child.awaitExit(CLOSE_GRACE)) {
      child.kill();
    }
  }
}
