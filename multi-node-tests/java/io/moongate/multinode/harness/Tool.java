package io.moongate.multinode.harness;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** A program of someone else's that a test runs. */
public enum Tool {
  ISCSI_LS("iscsi-ls", "libiscsi-bin"),
  ISCSI_INQ("iscsi-inq", "libiscsi-bin"),
  ISCSI_TEST_CU("iscsi-test-cu", "libiscsi-bin"),
  // The driver for iscsi:// is a module in a package of its own.
  QEMU_IO("qemu-io", "qemu-utils and qemu-block-extra"),
  QEMU_IMG("qemu-img", "qemu-utils and qemu-block-extra"),
  TSHARK("tshark", "tshark"),
  IP("ip", "iproute2"),
  TC("tc", "iproute2"),
  NFT("nft", "nftables"),
  MKFS_EXT4("mkfs.ext4", "e2fsprogs"),
  MOUNT("mount", "mount"),
  UMOUNT("umount", "mount"),
  FSFREEZE("fsfreeze", "util-linux"),
  STRACE("strace", "strace"),
  CHROOT("chroot", "coreutils"),
  RM("rm", "coreutils"),
  SH("sh", "dash"),
  JLINK("jlink", "openjdk-17-jdk-headless"),
  DPKG_DEB("dpkg-deb", "dpkg"),
  SYSTEMD_ANALYZE("systemd-analyze", "systemd"),
  JCMD("jcmd", "openjdk-17-jdk-headless"),
  SS("ss", "iproute2"),
  APT_GET("apt-get", "apt"),
  XZ("xz", "xz-utils"),
  QEMU("qemu-system-x86_64", "qemu-system-x86");

  private final String command;
  private final String debianPackage;

  Tool(String command, String debianPackage) {
    this.command = command;
    this.debianPackage = debianPackage;
  }

  /** How it ended and what it wrote to both of its outputs. */
  public record Output(String commandLine, int status, String text) {

    /** Fails when it ended other than well. */
    public Output succeeded() {
      if (status != 0) {
        throw new AssertionError(this);
      }
      return this;
    }

    @Override
    public String toString() {
      return "%s ended with status %d:%n%s".formatted(commandLine, status, text);
    }
  }

  /**
   * What {@code iscsi-ls -s} lists. It asks every unit of every target, and ends at the first that
   * is on its way to another gateway: then it is run again.
   */
  public static Output listUnits(Duration bound, String... arguments) {
    String[] all = Stream.concat(Stream.of("-s"), Stream.of(arguments)).toArray(String[]::new);
    return Await.value(
        "all units to be at rest",
        bound,
        () -> {
          Output listed = ISCSI_LS.run(bound, all);
          if (listed.status() != 0 && listed.text().contains("failed with BUSY")) {
            throw new Await.Unready(listed.toString());
          }
          return listed.succeeded();
        });
  }

  /** A program that runs until it is told to end. */
  public static final class Running {
    private final String commandLine;
    private final Process process;
    private final CompletableFuture<String> text;

    private Running(String commandLine, Process process) {
      this.commandLine = commandLine;
      this.process = process;
      // Read beside the wait: a full pipe would stop the tool.
      this.text = CompletableFuture.supplyAsync(() -> readAll(process.getInputStream()));
    }

    public boolean alive() {
      return process.isAlive();
    }

    /** SIGTERM, and SIGKILL to one that does not end. */
    public Output stop(Duration bound) {
      process.destroy();
      return await(bound);
    }

    private Output await(Duration bound) {
      try {
        if (!process.waitFor(bound.toMillis(), TimeUnit.MILLISECONDS)) {
          process.descendants().forEach(ProcessHandle::destroyForcibly);
          process.destroyForcibly();
          throw new AssertionError(
              "%s did not end within %d s; it wrote:%n%s"
                  .formatted(commandLine, bound.toSeconds(), text.get(5, TimeUnit.SECONDS)));
        }
        return new Output(commandLine, process.exitValue(), text.get(5, TimeUnit.SECONDS));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted", e);
      } catch (ExecutionException | TimeoutException e) {
        throw new AssertionError("the output of " + commandLine + " could not be read", e);
      }
    }
  }

  /** Runs it to its end. */
  public Output run(Duration bound, String... arguments) {
    return start(arguments).await(bound);
  }

  /** Starts it. */
  public Running start(String... arguments) {
    List<String> line = new ArrayList<>(List.of(require().toString()));
    line.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(line)
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
              .start();
      return new Running(String.join(" ", line), process);
    } catch (IOException e) {
      throw new AssertionError(command + " could not be run", e);
    }
  }

  /** Where it is; fails naming the Debian package when it is missing. */
  public Path require() {
    return find()
        .orElseThrow(
            () ->
                new AssertionError(
                    "%s is missing; Debian: apt-get install %s"
                        .formatted(command, debianPackage.replace(" and", ""))));
  }

  private Optional<Path> find() {
    for (String directory :
        System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      Path candidate = Path.of(directory.isEmpty() ? "." : directory, command);
      if (Files.isRegularFile(candidate) && Files.isExecutable(candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  private static String readAll(InputStream in) {
    try (in) {
      // Some tools print binary designators: a charset in which every byte is a character.
      return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "(" + e + ")";
    }
  }
}
