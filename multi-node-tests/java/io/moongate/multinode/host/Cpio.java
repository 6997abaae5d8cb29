package io.moongate.multinode.host;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Writes a tree of files as the archive that Linux unpacks into its first root file system: the
 * "new ASCII format" of cpio (initramfs buffer format, Documentation/driver-api of the kernel).
 * Everything is root's.
 */
final class Cpio implements AutoCloseable {
  private static final String MAGIC = "070701";
  private static final String TRAILER = "TRAILER!!!";
  private static final int ALIGNMENT = 4;

  private final OutputStream out;
  private long written;
  private int inode;

  private Cpio(OutputStream out) {
    this.out = out;
  }

  /** Writes directories, files and symbolic links of a tree; whatever else is in it is refused. */
  static void write(Path tree, Path archive) throws IOException {
    try (Cpio cpio = new Cpio(new BufferedOutputStream(Files.newOutputStream(archive), 1 << 20));
        Stream<Path> files = Files.walk(tree)) {
      List<Path> sorted = files.filter(file -> !file.equals(tree)).sorted().toList();
      for (Path file : sorted) {
        cpio.add(tree.relativize(file).toString(), file);
      }
      cpio.entry(TRAILER, 0, new byte[0]);
    }
  }

  private void add(String name, Path file) throws IOException {
    int mode = (Integer) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if (Files.isSymbolicLink(file)) {
      byte[] target = Files.readSymbolicLink(file).toString().getBytes(StandardCharsets.UTF_8);
      entry(name, mode, target);
    } else if (Files.isDirectory(file)) {
      entry(name, mode, new byte[0]);
    } else if (Files.isRegularFile(file)) {
      entry(name, mode, Files.readAllBytes(file));
    } else {
      throw new IOException(file + " is no file, directory or symbolic link");
    }
  }

  private void entry(String name, int mode, byte[] content) throws IOException {
    byte[] named = name.getBytes(StandardCharsets.UTF_8);
    inode++;
    // Inode, mode, uid, gid, links, time, size, device and the device that it is, length of the
    // name with the zero at its end, checksum (none in this format).
    long[] fields = {
      inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, named.length + 1L, 0,
    };
    StringBuilder header = new StringBuilder(MAGIC);
    for (long field : fields) {
      header.append("%08X".formatted(field));
    }
    put(header.toString().getBytes(StandardCharsets.US_ASCII));
    put(named);
    put(new byte[1]);
    pad();
    put(content);
    pad();
  }

  private void put(byte[] bytes) throws IOException {
    out.write(bytes);
    written += bytes.length;
  }

  private void pad() throws IOException {
    put(new byte[(int) (-written & ALIGNMENT - 1)]);
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
