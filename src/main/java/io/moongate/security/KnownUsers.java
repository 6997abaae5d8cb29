package io.moongate.security;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The users of a file as it is now: it is read again within a second of a change. A file that is
 * gone or has a mistake lets nobody in: what its author meant to take away must not stay in force
 * because of a slip elsewhere.
 */
public final class KnownUsers {
  private static final Logger LOG = LoggerFactory.getLogger(KnownUsers.class);
  private static final Duration LOOK = Duration.ofSeconds(1);

  private final Path file;
  private final FileWatch watch;
  private volatile Users users = Users.NONE;

  /**
   * @param file need not be there yet
   * @throws IllegalArgumentException when it is there and has a mistake; names it, the line, and
   *     what was expected
   */
  public KnownUsers(Path file) {
    this(file, LOOK, System::nanoTime);
  }

  KnownUsers(Path file, Duration look, LongSupplier nanoTime) {
    this.file = file;
    this.watch = new FileWatch(List.of(file), look, nanoTime);
    if (watch.changed() && Files.exists(file)) {
      users = UsersFile.read(file);
    }
  }

  /** Those of now. */
  public Users now() {
    if (watch.changed()) {
      synchronized (this) {
        users = read(); // In turn: an older reading must not come last.
      }
    }
    return users;
  }

  private Users read() {
    if (Files.notExists(file)) {
      LOG.warn("event=users-gone file={}: nobody is let in", file);
      return Users.NONE;
    }
    try {
      Users read = UsersFile.read(file);
      LOG.info("event=users-read file={} credentials={}", file, read.credentials().size());
      return read;
    } catch (IllegalArgumentException mistake) {
      LOG.error("event=users-refused reason=\"{}\": nobody is let in", mistake.getMessage());
      return Users.NONE;
    }
  }
}
