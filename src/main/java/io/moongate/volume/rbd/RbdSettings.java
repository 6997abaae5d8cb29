package io.moongate.volume.rbd;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * {@code moongate.volume.rbd}.
 *
 * @param confFile Ceph's own configuration: where the monitors are
 * @param user name of the Ceph user, without {@code client.}
 * @param keyring file with the key of the user; else where Ceph's configuration says
 * @param pool where the images are
 * @param namespace within the pool; empty for the default one
 * @param imagePrefix before the volume's id in the name of its image
 * @param objectSize bytes of the objects of a new image, a power of two
 * @param threads how many calls that wait run at a time: opening, fencing, closing and the like
 * @param inFlight operations under way, over all volumes; beyond it they fail with OVERLOADED
 * @param monitorTimeout how long connecting and a command to the monitors may take
 * @param blocklistFor how long a client that was fenced stays so
 * @param removeAfter how long after the end of a fenced process its entries are removed; empty:
 *     they stay
 * @param closeTimeout how long closing the store waits for what is under way
 */
public record RbdSettings(
    Path confFile,
    String user,
    Optional<Path> keyring,
    String pool,
    String namespace,
    String imagePrefix,
    int objectSize,
    int threads,
    int inFlight,
    Duration monitorTimeout,
    Duration blocklistFor,
    Optional<Duration> removeAfter,
    Duration closeTimeout) {
  private static final String PATH = "moongate.volume.rbd.";
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]+");
  private static final Pattern NAME_OR_NOTHING = Pattern.compile("[A-Za-z0-9._-]*");

  /**
   * From the whole configuration; nothing when no pool is named.
   *
   * @throws IllegalArgumentException naming the key, where it stands and what was expected
   */
  public static Optional<RbdSettings> from(Config config) {
    Reader reader = new Reader(config);
    if (reader.text("pool", NAME_OR_NOTHING, "a pool's name").isEmpty()) {
      return Optional.empty();
    }
    String keyring = reader.value("keyring", config::getString, "a file");
    return Optional.of(
        new RbdSettings(
            reader.file("conf-file"),
            reader.text("user", NAME, "a Ceph user's name, without 'client.'"),
            keyring.isEmpty() ? Optional.empty() : Optional.of(reader.file("keyring")),
            reader.text("pool", NAME, "a pool's name"),
            reader.text("namespace", NAME_OR_NOTHING, "a namespace of the pool, or nothing"),
            reader.text(
                "image-prefix", NAME_OR_NOTHING, "letters, digits and '.', '_', '-', or nothing"),
            reader.objectSize(),
            reader.number("threads", 1, 1024),
            reader.number("in-flight", 1, 1 << 24),
            reader.duration("monitor-timeout", Duration.ofSeconds(1)),
            reader.duration("blocklist-for", Duration.ofHours(1)),
            reader.flag("blocklist-removal.enabled")
                ? Optional.of(reader.duration("blocklist-removal.margin", Duration.ofMinutes(30)))
                : Optional.empty(),
            reader.duration("close-timeout", Duration.ofMillis(1))));
  }

  /** The name of the image of a volume. */
  String image(String id) {
    return imagePrefix + id;
  }

  private record Reader(Config config) {

    <T> T value(String key, Function<String, T> get, String expected) {
      try {
        return get.apply(PATH + key);
      } catch (ConfigException e) {
        throw wrong(key, expected);
      }
    }

    String text(String key, Pattern form, String expected) {
      String text = value(key, config::getString, expected);
      if (!form.matcher(text).matches()) {
        throw wrong(key, expected);
      }
      return text;
    }

    int number(String key, int least, int most) {
      String expected = "a number from %d to %d".formatted(least, most);
      int number = value(key, config::getInt, expected);
      if (number < least || number > most) {
        throw wrong(key, expected);
      }
      return number;
    }

    boolean flag(String key) {
      return value(key, config::getBoolean, "true or false");
    }

    int objectSize() {
      String expected = "a power of two from 1MiB to 32MiB";
      long bytes = value("object-size", config::getBytes, expected);
      if (bytes < 1 << 20 || bytes > 32 << 20 || Long.bitCount(bytes) != 1) {
        throw wrong("object-size", expected);
      }
      return (int) bytes;
    }

    Duration duration(String key, Duration least) {
      String expected = "a time, at least " + least;
      Duration duration = value(key, config::getDuration, expected);
      if (duration.compareTo(least) < 0) {
        throw wrong(key, expected);
      }
      return duration;
    }

    Path file(String key) {
      String expected = "a file that can be read";
      Path file = Path.of(value(key, config::getString, expected));
      if (!Files.isReadable(file)) {
        throw wrong(key, expected);
      }
      return file;
    }

    private IllegalArgumentException wrong(String key, String expected) {
      String path = PATH + key;
      if (!config.hasPath(path)) {
        return new IllegalArgumentException("%s: missing, expected %s".formatted(path, expected));
      }
      ConfigValue found = config.getValue(path);
      return new IllegalArgumentException(
          "%s: found %s, expected %s (%s)"
              .formatted(path, found.unwrapped(), expected, found.origin().description()));
    }
  }
}
