package io.moongate.multinode.host;

import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.Tool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a {@link Guest} starts from: the kernel and an initial root file system with everything in
 * it, made of Debian packages and of the files in {@code multi-node-tests/linux-host}. It is kept
 * in {@code target/linux-host} and made anew when those files change. Needs root.
 *
 * @param kernel an ELF file
 * @param root an archive for the kernel to unpack
 * @param version of the kernel
 */
public record GuestImage(Path kernel, Path root, String version) {
  /** Raised whenever what is made of the same files is not the same. */
  private static final String FORMAT = "1";

  private static final Duration BOUND = Duration.ofMinutes(2);
  private static final List<String> ADDED = List.of("init", "systemctl");

  /** Nothing of it is used in the guest. */
  private static final List<String> LEFT_OUT =
      List.of("usr/share", "usr/include", "usr/lib/locale", "lib/udev/hwdb.d", "boot", "var/cache");

  private static final String USERS = "root:x:0:0:root:/root:/bin/bash\n";

  /** Groups that the rules of udev name. */
  private static final List<String> GROUPS =
      List.of(
          "root", "tty", "disk", "lp", "dialout", "cdrom", "tape", "audio", "video", "kmem",
          "input", "sgx", "kvm", "render");

  /** Makes it, or finds the one that was made of the same. */
  public static GuestImage make() {
    Installation installation = Installation.find();
    Path directory = installation.home().resolve("target").resolve("linux-host");
    Path sources = installation.testFile("linux-host");
    try {
      return make(sources, directory);
    } catch (IOException e) {
      throw new UncheckedIOException("the image of the Linux host can't be made", e);
    }
  }

  private static GuestImage make(Path sources, Path directory) throws IOException {
    Path made = directory.resolve("made-of");
    String fingerprint = fingerprint(sources);
    if (Files.exists(made)) {
      List<String> lines = Files.readAllLines(made);
      if (lines.get(0).equals(fingerprint)) {
        return in(directory, lines.get(1));
      }
    }
    Files.deleteIfExists(made);
    Files.createDirectories(directory);
    Path guest = directory.resolve("root");
    Path unpacked = directory.resolve("kernel");
    emptyTree(guest);
    emptyTree(unpacked);

    GuestPackages packages = GuestPackages.download(wanted(sources), directory);
    packages.unpackTools(guest);
    packages.unpackKernel(unpacked);
    for (String path : LEFT_OUT) {
      removeTree(guest.resolve(path));
    }
    Files.writeString(guest.resolve("etc").resolve("passwd"), USERS);
    Files.writeString(guest.resolve("etc").resolve("group"), groups());
    put(sources.resolve("init"), guest.resolve("init"));
    put(sources.resolve("systemctl"), guest.resolve("usr").resolve("bin").resolve("systemctl"));
    GuestKernel kernel = GuestKernel.in(unpacked);
    kernel.putModulesInto(guest);

    GuestImage image = in(directory, kernel.version());
    kernel.unpackTo(image.kernel());
    Cpio.write(guest, image.root());
    removeTree(guest);
    removeTree(unpacked);
    packages.remove();
    Files.writeString(made, fingerprint + "\n" + kernel.version() + "\n");
    return image;
  }

  private static GuestImage in(Path directory, String version) {
    return new GuestImage(directory.resolve("vmlinux"), directory.resolve("root.cpio"), version);
  }

  private static List<String> wanted(Path sources) throws IOException {
    return Files.readAllLines(sources.resolve("packages")).stream()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .toList();
  }

  private static String groups() {
    StringBuilder groups = new StringBuilder();
    for (int id = 0; id < GROUPS.size(); id++) {
      groups.append("%s:x:%d:%n".formatted(GROUPS.get(id), id));
    }
    return groups.toString();
  }

  private static void put(Path file, Path into) throws IOException {
    Files.copy(file, into);
    Files.setPosixFilePermissions(into, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static String fingerprint(Path sources) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(FORMAT.getBytes(StandardCharsets.US_ASCII));
      for (String file : Stream.concat(Stream.of("packages"), ADDED.stream()).toList()) {
        digest.update(Files.readAllBytes(sources.resolve(file)));
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void emptyTree(Path root) throws IOException {
    removeTree(root);
    Files.createDirectories(root);
  }

  private static void removeTree(Path root) {
    Tool.RM.run(BOUND, "-rf", root.toString()).succeeded();
  }
}
