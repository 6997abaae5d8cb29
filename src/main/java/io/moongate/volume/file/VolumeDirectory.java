package io.moongate.volume.file;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.moongate.volume.Provisioning;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeGeometry;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * One volume on disk: a directory named by its id.
 *
 * <pre>
 * &lt;id&gt;/volume.img                     the blocks, sparse
 * &lt;id&gt;/geometry                       format version, first size, block size; never changes
 * &lt;id&gt;/fully-provisioned               is there when it is; never changes
 * &lt;id&gt;/size-0000000000010485760         a record: it was grown to so many bytes
 * &lt;id&gt;/epoch-0000000000000000007-&lt;u&gt;   a record: epoch 7 fenced it; u is a UUID, greater for
 *                                   whoever records the same epoch later
 * &lt;id&gt;/atomic-epoch-...-&lt;u&gt;              a journal of atomic writes, under that record
 * &lt;id&gt;/redo-atomic-epoch-...-&lt;u&gt;         one that a successor is working off
 * &lt;id&gt;/adopted-1                      it is another unit's since: {@link Adoption}
 * </pre>
 *
 * <p>A directory appears and disappears under its name by one rename, so a volume is there with all
 * of it or not at all. An epoch is recorded by making a file and syncing the directory; the records
 * of older epochs are removed after that. Unlike one file that is read and replaced, this needs no
 * lock between processes (a process that is stopped with a lock in its hands would stop every
 * successor), and two that record at the same time can't take the highest epoch back. A record's
 * name is used once, so a record that was removed never comes back: whoever finds his own gone has
 * been fenced, for good.
 *
 * <p>A growth is recorded in the same way, once the image has the size; the greatest record counts.
 * So no two that grow it at the same time can take the greater size back, and an image that is
 * larger than what is recorded only means that a growth was interrupted.
 */
final class VolumeDirectory {
  /** Layout described above. A volume of another version is not opened. */
  static final int FORMAT = 1;

  private static final String IMAGE = "volume.img";
  private static final String GEOMETRY = "geometry";
  private static final String FULLY_PROVISIONED = "fully-provisioned";
  private static final Pattern EPOCH = Pattern.compile("epoch-([0-9]{19})-[0-9a-f-]{36}");
  private static final Pattern SIZE = Pattern.compile("size-([0-9]{19})");
  private static final Pattern GEOMETRY_TEXT =
      Pattern.compile(
          """
          format=([0-9]{1,9})
          size=([0-9]{1,19})
          block-size=([0-9]{1,9})
          crc32c=([0-9a-f]{8})
          """);

  private static final int UUID_LENGTH = 36;

  /** Hexadecimal digits at the beginning of a UUID that say who came later of one epoch. */
  private static final int TURN_DIGITS = 8;

  private static final long LAST_TURN = 0xFFFF_FFFFL;

  private final Path path;
  private final Layout layout;

  /** What {@code geometry} says, and the records of what came later. */
  record Layout(long size, int blockSize, Provisioning provisioning) {}

  private VolumeDirectory(Path path, Layout layout) {
    this.path = path;
    this.layout = layout;
  }

  /** Makes the volume durably; leaves an equal one as it is, and fails with EXISTS on another. */
  static void create(Path parent, String id, Layout layout) throws IOException {
    Path path = parent.resolve(id);
    Path fresh = parent.resolve(".new-" + id + "-" + UUID.randomUUID());
    try {
      if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectory(fresh);
        makeImage(fresh.resolve(IMAGE), layout.size());
        if (layout.provisioning() == Provisioning.FULL) {
          provide(fresh.resolve(IMAGE), 0, layout.size());
          Files.createFile(fresh.resolve(FULLY_PROVISIONED));
        }
        write(fresh.resolve(GEOMETRY), text(layout));
        Files.createFile(fresh.resolve(newRecord(0)));
        sync(fresh);
        publish(fresh, path);
      }
    } finally {
      remove(fresh);
    }
    // Also when it was there before: whoever made it may have died before he synced the name.
    sync(parent);
    Layout existing = open(parent, id).layout;
    if (!existing.equals(layout)) {
      throw new VolumeException(
          Reason.EXISTS, "volume %s exists with %s, not %s".formatted(id, existing, layout));
    }
  }

  /** Names of what may be volumes, in order. */
  static List<String> ids(Path parent) throws IOException {
    List<String> ids = new ArrayList<>();
    for (Path each : named(parent, "")) {
      String name = each.getFileName().toString();
      if (Files.isRegularFile(each.resolve(GEOMETRY), LinkOption.NOFOLLOW_LINKS)
          && !name.startsWith(".")) {
        ids.add(name);
      }
    }
    Collections.sort(ids);
    return ids;
  }

  private static void makeImage(Path image, long size) throws IOException {
    // FileChannel.truncate does not grow a file; this sets the size without allocating anything.
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      setLength(file, size);
      file.getFD().sync();
    }
  }

  /** A fresh file takes any length that its file system has at all: nothing is allocated. */
  private static void setLength(RandomAccessFile file, long size) throws IOException {
    try {
      file.setLength(size);
    } catch (IOException e) {
      throw new VolumeException(
          Reason.UNSUPPORTED,
          "the file system can't hold a file of %d bytes: %s".formatted(size, e.getMessage()),
          e);
    }
  }

  /**
   * Asks the file system first: by trying, it would give away its last bytes before it says that
   * they are not enough.
   */
  private static void provide(Path image, long from, long to) throws IOException {
    long usable = Files.getFileStore(image).getUsableSpace();
    if (usable < to - from) {
      throw new VolumeException(
          Reason.FULL,
          "the volume is to have %d bytes of its own, and the file system has %d left"
              .formatted(to - from, usable));
    }
    try (ImageFile file = ImageFile.open(image)) {
      file.provide(from, to - from);
    }
  }

  private static void publish(Path fresh, Path path) throws IOException {
    try {
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw e;
    } catch (IOException e) {
      // A rename onto a directory that isn't empty fails: somebody else was first.
      if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        throw e;
      }
    }
  }

  /** Reads the volume's geometry; fails with NOT_FOUND when there is none of that id. */
  static VolumeDirectory open(Path parent, String id) throws IOException {
    Path path = parent.resolve(id);
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(path.resolve(GEOMETRY));
    } catch (NoSuchFileException e) {
      throw new VolumeException(Reason.NOT_FOUND, "there is no volume " + id, e);
    }
    Layout first = parse(id, new String(bytes, US_ASCII));
    boolean full = Files.exists(path.resolve(FULLY_PROVISIONED), LinkOption.NOFOLLOW_LINKS);
    return new VolumeDirectory(
        path,
        new Layout(
            recorded(path, first.size()),
            first.blockSize(),
            full ? Provisioning.FULL : Provisioning.THIN));
  }

  /** The greatest size on record, or the first one. */
  private static long recorded(Path path, long first) throws IOException {
    long greatest = first;
    try {
      for (Path each : named(path, "size-")) {
        Matcher name = SIZE.matcher(each.getFileName().toString());
        if (name.matches() && isLong(name.group(1))) {
          greatest = Math.max(greatest, Long.parseLong(name.group(1)));
        }
      }
    } catch (NoSuchFileException e) {
      throw new VolumeException(Reason.NOT_FOUND, "the volume has been deleted", e);
    }
    return greatest;
  }

  /** Nineteen digits reach past the largest long; such a file is none of ours. */
  private static boolean isLong(String nineteenDigits) {
    return nineteenDigits.compareTo(Long.toString(Long.MAX_VALUE)) <= 0;
  }

  /**
   * Makes the image at least so large, durably, and then records it durably.
   *
   * @return what the volume offers now
   */
  VolumeGeometry grow(VolumeGeometry before, long size) throws IOException {
    VolumeGeometry wanted;
    try {
      wanted = before.grownTo(size);
    } catch (IllegalArgumentException e) {
      throw new VolumeException(Reason.RANGE, e.getMessage(), e);
    }
    long present = recorded(path, layout.size());
    if (size <= present) {
      // By somebody who may not have made it durable yet.
      sync(path);
      return wanted;
    }
    if (layout.provisioning() == Provisioning.FULL) {
      provide(image(), present, size);
    } else {
      try (ImageFile image = ImageFile.open(image())) {
        image.extend(size);
      }
    }
    try {
      Files.createFile(path.resolve("size-%019d".formatted(size)));
    } catch (FileAlreadyExistsException e) {
      // Somebody else was first: the same record.
    }
    sync(path);
    return wanted;
  }

  /**
   * Takes the volume away under its name by one rename, then removes what it was; not one that has
   * become another unit's.
   */
  static void delete(Path parent, String id, String unitId) throws IOException {
    Path path = parent.resolve(id);
    if (isOfAnother(path, id, unitId)) {
      return;
    }
    Path grave = parent.resolve(".deleted-" + id + "-" + UUID.randomUUID());
    try {
      Files.move(path, grave, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      return;
    }
    // From here on nobody finds it to adopt it; whoever did just before is seen now.
    if (isOfAnother(grave, id, unitId)) {
      Files.move(grave, path, StandardCopyOption.ATOMIC_MOVE);
      return;
    }
    sync(parent);
    remove(grave);
  }

  private static boolean isOfAnother(Path volume, String id, String unitId) throws IOException {
    try {
      return !Adoption.of(volume).map(Adoption::unitId).orElse(id).equals(unitId);
    } catch (VolumeException e) {
      if (e.reason() == Reason.NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  /** Removes what an interrupted {@link #delete}, or long ago a {@link #create}, left behind. */
  static void sweep(Path parent, Instant longAgo) throws IOException {
    for (Path grave : named(parent, ".deleted-")) {
      remove(grave);
    }
    // A recent one may be another gateway's that is being made just now.
    for (Path unborn : named(parent, ".new-")) {
      try {
        if (Files.getLastModifiedTime(unborn).toInstant().isBefore(longAgo)) {
          remove(unborn);
        }
      } catch (NoSuchFileException e) {
        // It has its name by now.
      }
    }
  }

  Layout layout() {
    return layout;
  }

  /** What is added to the epochs of a unit; fails with FENCED when the volume is another's. */
  long above(String unitId) throws IOException {
    return Adoption.above(path, unitId)
        .orElseThrow(
            () ->
                new VolumeException(
                    Reason.FENCED,
                    "volume %s is not that of unit %s".formatted(path.getFileName(), unitId)));
  }

  Path path() {
    return path;
  }

  Path image() {
    return path.resolve(IMAGE);
  }

  /**
   * The greatest record; as long as it is there nobody has fenced since. Records are in the order
   * of their names: by epoch, and of one epoch by who came later.
   */
  Path newest() throws IOException {
    // A listing may miss names that come and go meanwhile; it is never without any for long.
    for (int attempt = 0; attempt < 8; attempt++) {
      Path newest = null;
      try {
        for (Path each : named(path, "epoch-")) {
          if (epochOf(each) >= 0 && (newest == null || isAfter(each, newest))) {
            newest = each;
          }
        }
      } catch (NoSuchFileException e) {
        throw new VolumeException(Reason.NOT_FOUND, "the volume has been deleted", e);
      }
      if (newest != null) {
        return newest;
      }
    }
    throw new VolumeException(Reason.IO, path.getFileName() + " has lost its epoch");
  }

  private static boolean isAfter(Path record, Path other) {
    return record.getFileName().toString().compareTo(other.getFileName().toString()) > 0;
  }

  /** What is in a directory under a name that begins so; an opening lists it several times. */
  static List<Path> named(Path directory, String prefix) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(
            directory, file -> file.getFileName().toString().startsWith(prefix))) {
      files.forEach(found::add);
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return found;
  }

  /**
   * Whether a file is not there.
   *
   * @throws IOException when that can't be known
   */
  static boolean isGone(Path file) throws IOException {
    try {
      Files.readAttributes(file, BasicFileAttributes.class);
      return false;
    } catch (NoSuchFileException e) {
      return true;
    }
  }

  /**
   * Records an epoch durably, after whoever has recorded the same one before; fails with FENCED
   * when there is or comes a newer one.
   */
  Path claim(long epoch) throws IOException {
    Path newest = newest();
    requireNotAbove(newest, epoch);
    Path record =
        path.resolve(epochOf(newest) == epoch ? recordAfter(newest, epoch) : newRecord(epoch));
    try {
      Files.createFile(record);
    } catch (NoSuchFileException e) {
      throw new VolumeException(Reason.NOT_FOUND, "the volume has been deleted", e);
    }
    confirm(record);
    return record;
  }

  /** Makes a record durable and fails with FENCED when there is a greater one. */
  void confirm(Path record) throws IOException {
    sync(path);
    // A greater one that comes after this look finds the record and removes it.
    Path newest = newest();
    requireNotAbove(newest, epochOf(record));
    if (isAfter(newest, record)) {
      throw new VolumeException(
          Reason.FENCED, "somebody else has recorded epoch %d since".formatted(epochOf(record)));
    }
  }

  private static void requireNotAbove(Path newest, long epoch) {
    long highest = epochOf(newest);
    if (highest > epoch) {
      throw new VolumeException(
          Reason.FENCED, "epoch %d is older than %d on record".formatted(epoch, highest));
    }
  }

  /**
   * Removes all lesser records: from now on whoever holds one of them finds it gone. So the
   * greatest is never removed, whoever comes at the same time.
   */
  void retireBefore(Path record) throws IOException {
    for (Path each : named(path, "epoch-")) {
      if (epochOf(each) >= 0 && isAfter(record, each)) {
        Files.deleteIfExists(each);
      }
    }
  }

  /** A fresh name for a record of an epoch that has none: eight digits for what may come after. */
  private static String newRecord(long epoch) {
    return name(epoch, 0);
  }

  /** A fresh name after that of another record of the epoch. */
  private static String recordAfter(Path other, long epoch) {
    String name = other.getFileName().toString();
    int begin = name.length() - UUID_LENGTH;
    long last = Long.parseLong(name.substring(begin, begin + TURN_DIGITS), 16);
    if (last == LAST_TURN) {
      throw new VolumeException(
          Reason.FENCED, "epoch %d has been recorded too often".formatted(epoch));
    }
    return name(epoch, last + 1);
  }

  private static String name(long epoch, long turn) {
    return "epoch-%019d-%08x%s"
        .formatted(epoch, turn, UUID.randomUUID().toString().substring(TURN_DIGITS));
  }

  /** The epoch of a record; -1 when the file is none. */
  static long epochOf(Path record) {
    Matcher name = EPOCH.matcher(record.getFileName().toString());
    return name.matches() && isLong(name.group(1)) ? Long.parseLong(name.group(1)) : -1;
  }

  private static String text(Layout layout) {
    String fields =
        "format=%d\nsize=%d\nblock-size=%d\n".formatted(FORMAT, layout.size(), layout.blockSize());
    return fields + "crc32c=%08x\n".formatted(crc(fields));
  }

  private static Layout parse(String id, String text) {
    Matcher fields = GEOMETRY_TEXT.matcher(text);
    if (!fields.matches()
        || crc(text.substring(0, text.indexOf("crc32c="))) != Long.parseLong(fields.group(4), 16)) {
      throw new VolumeException(Reason.IO, "the geometry of volume " + id + " is damaged");
    }
    int format = Integer.parseInt(fields.group(1));
    if (format != FORMAT) {
      throw new VolumeException(
          Reason.UNSUPPORTED, "volume %s has format %d, not %d".formatted(id, format, FORMAT));
    }
    return new Layout(
        Long.parseLong(fields.group(2)), Integer.parseInt(fields.group(3)), Provisioning.THIN);
  }

  static long crc(String fields) {
    CRC32C crc = new CRC32C();
    crc.update(fields.getBytes(US_ASCII));
    return crc.getValue();
  }

  /** Makes a file with a text in it, durably but for its name. */
  static void write(Path file, String text) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer bytes = US_ASCII.encode(text);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
  }

  /** Makes the names in a directory durable. */
  static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void remove(Path directory) throws IOException {
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try {
      for (Path file : named(directory, "")) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException e) {
      return;
    }
    Files.deleteIfExists(directory);
  }
}
