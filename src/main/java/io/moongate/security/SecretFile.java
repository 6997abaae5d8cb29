package io.moongate.security;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/** A file with something that only its owner may know. */
public final class SecretFile {
  private static final int MAX_BYTES = 1_024;
  private static final Set<PosixFilePermission> OWNERS =
      EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
      PosixFilePermissions.asFileAttribute(OWNERS);

  private SecretFile() {}

  /**
   * The text in it, without the end of its last line; 1 KiB at most.
   *
   * @throws IllegalArgumentException names the file, what is wrong with it and what was expected;
   *     never quotes what is in it
   */
  public static String read(Path file) {
    return read(file, MAX_BYTES);
  }

  /**
   * The same for a longer one.
   *
   * @param most bytes
   */
  public static String read(Path file, int most) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new IllegalArgumentException("there is no file " + file);
      }
      requirePrivate(file);
      if (Files.size(file) > most) {
        throw new IllegalArgumentException(file + " has more than " + most + " bytes");
      }
      return Files.readString(file, StandardCharsets.UTF_8).replaceFirst("\\r?\\n\\z", "");
    } catch (CharacterCodingException binary) {
      throw new IllegalArgumentException(file + " is not text in UTF-8", binary);
    } catch (IOException | UnsupportedOperationException unreadable) {
      throw new IllegalArgumentException(file + " can't be read: " + unreadable, unreadable);
    }
  }

  /**
   * Writes a file that only its owner may read, whole or not at all, also when the host fails. One
   * that is there is replaced, and keeps its owner, its group and, as far as they are its owner's,
   * its permissions.
   *
   * @throws IOException when it can't be written
   */
  public static void write(Path file, String text) throws IOException {
    Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
    Path directory = target.getParent();
    Path temporary = Files.createTempFile(directory, "." + target.getFileName(), ".new", PRIVATE);
    try {
      try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      if (Files.exists(target)) {
        keepAttributes(target, temporary);
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
        entries.force(true);
      }
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static void keepAttributes(Path from, Path to) throws IOException {
    PosixFileAttributes before = Files.readAttributes(from, PosixFileAttributes.class);
    PosixFileAttributeView view = Files.getFileAttributeView(to, PosixFileAttributeView.class);
    PosixFileAttributes now = view.readAttributes();
    if (!now.owner().equals(before.owner())) {
      view.setOwner(before.owner());
    }
    if (!now.group().equals(before.group())) {
      try {
        view.setGroup(before.group());
      } catch (IOException notOneOfIt) {
        // The group has no rights to it anyway.
      }
    }
    Set<PosixFilePermission> mode = EnumSet.copyOf(OWNERS);
    mode.retainAll(before.permissions());
    if (!mode.isEmpty()) {
      view.setPermissions(mode);
    }
  }

  private static void requirePrivate(Path file) throws IOException {
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
    if (!OWNERS.containsAll(mode)) {
      throw new IllegalArgumentException(
          "%s has mode %s, expected 0600, so that nobody but its owner knows what is in it:"
                  .formatted(file, PosixFilePermissions.toString(mode))
              + " chmod 600 "
              + file);
    }
  }
}
