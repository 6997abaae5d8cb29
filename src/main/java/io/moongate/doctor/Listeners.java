package io.moongate.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Which processes listen on a TCP port, from {@code /proc}. */
public final class Listeners {
  private static final String LISTEN = "0A";
  private static final int LOCAL = 1;
  private static final int STATE = 3;
  private static final int INODE = 9;

  /**
   * A process that listens.
   *
   * @param pid its id
   * @param command its command line, with spaces between the words
   */
  public record Listener(long pid, String command) {
    /** Whether it is a gateway. */
    public boolean isMoongate() {
      return command.contains("io.moongate.Main");
    }
  }

  private final Path proc;

  /** Reads below this directory, which is {@code /proc}. */
  public Listeners(Path proc) {
    this.proc = proc;
  }

  /** Who listens there; empty where nobody does, or where that may not be seen. */
  public Optional<Listener> on(int port) {
    Set<String> sockets = new HashSet<>();
    for (String table : List.of("net/tcp", "net/tcp6")) {
      for (String line : lines(proc.resolve(table))) {
        String[] words = line.strip().split(" +", -1);
        boolean wanted =
            words.length > INODE
                && words[STATE].equals(LISTEN)
                && words[LOCAL].endsWith(":%04X".formatted(port));
        if (wanted) {
          sockets.add("socket:[" + words[INODE] + "]");
        }
      }
    }
    return sockets.isEmpty() ? Optional.empty() : holder(sockets);
  }

  private Optional<Listener> holder(Set<String> sockets) {
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path process : processes) {
        if (holds(process.resolve("fd"), sockets)) {
          return Optional.of(
              new Listener(
                  Long.parseLong(process.getFileName().toString()),
                  command(process.resolve("cmdline"))));
        }
      }
    } catch (IOException | NumberFormatException e) {
      // Not a proc file system, or it may not be read: nobody is seen.
      return Optional.empty();
    }
    return Optional.empty();
  }

  private static boolean holds(Path descriptors, Set<String> sockets) {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(descriptors)) {
      for (Path descriptor : all) {
        if (sockets.contains(target(descriptor))) {
          return true;
        }
      }
    } catch (IOException e) {
      // Another user's process, or one that has ended.
      return false;
    }
    return false;
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException | UnsupportedOperationException e) {
      return "";
    }
  }

  /** The words of a process's command line. */
  static String command(Path cmdline) {
    try {
      return new String(Files.readAllBytes(cmdline), StandardCharsets.UTF_8)
          .replace('\0', ' ')
          .strip();
    } catch (IOException e) {
      return "";
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return new ArrayList<>();
    }
  }
}
