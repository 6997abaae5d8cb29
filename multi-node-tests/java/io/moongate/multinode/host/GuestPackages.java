package io.moongate.multinode.host;

import io.moongate.multinode.harness.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The Debian packages that a guest is made of, as apt finds them for this machine's release. */
record GuestPackages(Path archives) {
  private static final Duration BOUND = Duration.ofMinutes(10);

  /**
   * Downloads packages and all that they depend on, as onto a machine that has none; apt checks
   * their signatures. What is there already is not fetched again.
   *
   * @param wanted names of packages
   * @param directory to keep them in
   */
  static GuestPackages download(List<String> wanted, Path directory) throws IOException {
    Path archives = directory.resolve("archives");
    Files.createDirectories(archives.resolve("partial"));
    Path status = directory.resolve("status");
    Files.writeString(status, "");
    List<String> line =
        new ArrayList<>(
            List.of(
                "-q",
                "-y",
                "--download-only",
                "-o",
                "Dir::State::status=" + status,
                "-o",
                "Dir::Cache::archives=" + archives,
                "-o",
                "Debug::NoLocking=true",
                "-o",
                "APT::Install-Recommends=false",
                // Its own user can't write here.
                "-o",
                "APT::Sandbox::User=root",
                "install"));
    line.addAll(wanted);
    String[] arguments = line.toArray(String[]::new);
    if (Tool.APT_GET.run(BOUND, arguments).status() != 0) {
      // There are no lists of packages, or they are older than what the mirror has.
      Tool.APT_GET.run(BOUND, "-q", "update").succeeded();
      Tool.APT_GET.run(BOUND, arguments).succeeded();
    }
    return new GuestPackages(archives);
  }

  /** Unpacks all of them but those that are only needed to install packages, and the kernel. */
  void unpackTools(Path root) throws IOException {
    for (Path archive : all()) {
      String name = nameOf(archive);
      if (!isKernel(name) && !installs(name)) {
        unpack(archive, root);
      }
    }
  }

  /** Unpacks the kernel with its modules. */
  void unpackKernel(Path root) throws IOException {
    for (Path archive : all()) {
      if (isKernel(nameOf(archive))) {
        unpack(archive, root);
      }
    }
  }

  /** Removes what was downloaded: the next one may want other versions. */
  void remove() {
    Tool.RM.run(BOUND, "-rf", archives.toString()).succeeded();
  }

  private static void unpack(Path archive, Path root) {
    Tool.DPKG_DEB.run(BOUND, "-x", archive.toString(), root.toString()).succeeded();
  }

  private List<Path> all() throws IOException {
    try (Stream<Path> files = Files.list(archives)) {
      return files.filter(file -> file.toString().endsWith(".deb")).sorted().toList();
    }
  }

  private static String nameOf(Path archive) {
    return archive.getFileName().toString().replaceFirst("_.*", "");
  }

  private static boolean isKernel(String name) {
    return name.startsWith("linux-image-");
  }

  private static boolean installs(String name) {
    return name.matches(
        "(lib)?(perl|python).*|lib.*-perl|initramfs-tools.*|klibc-utils|libklibc|dpkg|debconf"
            + "|usrmerge|linux-base|adduser|media-types");
  }
}
