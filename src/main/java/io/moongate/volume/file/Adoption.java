package io.moongate.volume.file;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * That a volume has become another unit's than the one that it was made for: a file {@code
 * adopted-N} in its directory, of which the highest N counts. It appears under its name with all of
 * it, once, and is never changed.
 *
 * <p>Epochs of the new unit begin anew, and those on record must not: on disk they are so much
 * higher. So what the unit before has left is worked off in order, and whoever still has the volume
 * open for it is fenced by the first owner of the new one.
 *
 * @param number of this adoption, from 1
 * @param unitId whose it is
 * @param above what is added to that unit's epochs
 */
record Adoption(int number, String unitId, long above) {
  /**
   * Room for those who claim an epoch for the unit before while this is recorded: what they can
   * reach is below.
   */
  private static final long ROOM = 1_000_000;

  private static final String PREFIX = "adopted-";
  private static final Pattern NAME = Pattern.compile(PREFIX + "([1-9][0-9]{0,8})");
  private static final Pattern TEXT =
      Pattern.compile(
          """
          unit=([0-9a-z-]{1,64})
          above=([0-9]{1,18})
          crc32c=([0-9a-f]{8})
          """);

  /** The one that counts; empty while the volume is that of the unit of its own name. */
  static Optional<Adoption> of(Path volume) throws IOException {
    int last = 0;
    try {
      for (Path each : VolumeDirectory.named(volume, PREFIX)) {
        Matcher name = NAME.matcher(each.getFileName().toString());
        if (name.matches()) {
          last = Math.max(last, Integer.parseInt(name.group(1)));
        }
      }
    } catch (NoSuchFileException e) {
      throw new VolumeException(Reason.NOT_FOUND, "the volume has been deleted", e);
    }
    return last == 0 ? Optional.empty() : Optional.of(read(volume, last));
  }

  private static Adoption read(Path volume, int number) throws IOException {
    String text = new String(Files.readAllBytes(volume.resolve(PREFIX + number)), US_ASCII);
    Matcher fields = TEXT.matcher(text);
    if (!fields.matches()
        || VolumeDirectory.crc(text.substring(0, text.indexOf("crc32c=")))
            != Long.parseLong(fields.group(3), 16)) {
      throw new VolumeException(
          Reason.IO,
          "the record %s%d of volume %s is damaged"
              .formatted(PREFIX, number, volume.getFileName()));
    }
    return new Adoption(number, fields.group(1), Long.parseLong(fields.group(2)));
  }

  /**
   * Records durably that a volume is a unit's from now on; nothing when it is already.
   *
   * @param former the unit whose it must be now
   * @throws VolumeException with EXISTS when it is another's
   */
  static void record(VolumeDirectory volume, String unitId, Optional<String> former)
      throws IOException {
    while (true) {
      Optional<Adoption> last = of(volume.path());
      String now = unitOf(volume.path(), last);
      if (now.equals(unitId)) {
        // Whoever has recorded it may not have synced its name.
        VolumeDirectory.sync(volume.path());
        return;
      }
      if (!former.equals(Optional.of(now))) {
        throw new VolumeException(
            Reason.EXISTS, "volume %s is of unit %s".formatted(volume.path().getFileName(), now));
      }
      long above = VolumeDirectory.epochOf(volume.newest()) + ROOM;
      if (new Adoption(last.map(Adoption::number).orElse(0) + 1, unitId, above)
          .publish(volume.path())) {
        return;
      }
    }
  }

  /** Whose a volume is, and what is added to that unit's epochs; empty when it is another's. */
  static Optional<Long> above(Path volume, String unitId) throws IOException {
    Optional<Adoption> last = of(volume);
    return unitOf(volume, last).equals(unitId)
        ? Optional.of(last.map(Adoption::above).orElse(0L))
        : Optional.empty();
  }

  /** Whose a volume is. */
  static String unitOf(Path volume) throws IOException {
    return unitOf(volume, of(volume));
  }

  private static String unitOf(Path volume, Optional<Adoption> last) {
    return last.map(Adoption::unitId).orElse(volume.getFileName().toString());
  }

  /** Whether this was the first of its number. */
  private boolean publish(Path volume) throws IOException {
    String fields = "unit=%s\nabove=%d\n".formatted(unitId, above);
    Path fresh = volume.resolve("new-" + PREFIX + UUID.randomUUID());
    try {
      VolumeDirectory.write(fresh, fields + "crc32c=%08x\n".formatted(VolumeDirectory.crc(fields)));
      // Unlike a rename it fails when there is one of that name.
      Files.createLink(volume.resolve(PREFIX + number), fresh);
      VolumeDirectory.sync(volume);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    } catch (UnsupportedOperationException e) {
      throw new VolumeException(
          Reason.UNSUPPORTED, "the file system has no hard links, which an adoption needs", e);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }
}
