package io.moongate.multinode.host;

import io.moongate.multinode.harness.Tool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * A Debian kernel as its package has it.
 *
 * @param root where the package was unpacked
 * @param version as the directory of its modules is called
 */
record GuestKernel(Path root, String version) {
  private static final Duration BOUND = Duration.ofMinutes(3);

  /** Below {@code kernel/}: what iSCSI disks, ext4 and the devices of the guest need. */
  private static final List<String> MODULES =
      List.of(
          "arch/x86/crypto",
          "block",
          "crypto",
          "drivers/char/virtio_console.ko",
          "drivers/md",
          "drivers/net/net_failover.ko",
          "drivers/net/virtio_net.ko",
          "drivers/scsi/device_handler",
          "drivers/scsi/iscsi_tcp.ko",
          "drivers/scsi/libiscsi.ko",
          "drivers/scsi/libiscsi_tcp.ko",
          "drivers/scsi/scsi_common.ko",
          "drivers/scsi/scsi_mod.ko",
          "drivers/scsi/scsi_transport_iscsi.ko",
          "drivers/scsi/sd_mod.ko",
          "drivers/scsi/sg.ko",
          "drivers/virtio",
          "fs/ext4",
          "fs/jbd2",
          "fs/mbcache.ko",
          "lib",
          "net/core/failover.ko");

  // The x86 boot protocol (Documentation/arch/x86/boot.rst of the kernel).
  private static final int SETUP_SECTORS = 0x1F1;
  private static final int PAYLOAD_OFFSET = 0x248;
  private static final int PAYLOAD_LENGTH = 0x24C;
  private static final int SECTOR = 512;
  private static final byte[] XZ = {(byte) 0xFD, '7', 'z', 'X', 'Z', 0};

  /** Looks for the only kernel below a directory. */
  static GuestKernel in(Path root) throws IOException {
    try (Stream<Path> versions = Files.list(root.resolve("lib").resolve("modules"))) {
      List<Path> all = versions.toList();
      if (all.size() != 1) {
        throw new IOException("expected one kernel below %s, found %s".formatted(root, all));
      }
      return new GuestKernel(root, all.get(0).getFileName().toString());
    }
  }

  /**
   * Unpacks the kernel itself, which an emulated processor would take long for: what is left is the
   * ELF file that QEMU starts by the entry point for virtual machines (PVH).
   */
  void unpackTo(Path vmlinux) throws IOException {
    Path image = root.resolve("boot").resolve("vmlinuz-" + version);
    byte[] bytes = Files.readAllBytes(image);
    ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int begin =
        (Byte.toUnsignedInt(bytes[SETUP_SECTORS]) + 1) * SECTOR + header.getInt(PAYLOAD_OFFSET);
    byte[] payload = Arrays.copyOfRange(bytes, begin, begin + header.getInt(PAYLOAD_LENGTH));
    if (!Arrays.equals(XZ, Arrays.copyOf(payload, XZ.length))) {
      throw new IOException(image + " is not compressed by xz, as Debian's kernels are");
    }
    Path packed = vmlinux.resolveSibling(vmlinux.getFileName() + ".xz");
    Files.write(packed, payload);
    // Behind the stream is the size that the kernel needs itself.
    Tool.XZ.run(BOUND, "--decompress", "--force", "--single-stream", packed.toString()).succeeded();
  }

  /** Puts the modules that the guest needs into its root. */
  void putModulesInto(Path guest) throws IOException {
    Path from = root.resolve("lib").resolve("modules").resolve(version);
    Path to = guest.resolve("lib").resolve("modules").resolve(version);
    for (String module : MODULES) {
      Path source = from.resolve("kernel").resolve(module);
      if (!Files.exists(source)) {
        throw new IOException("the kernel %s has no %s".formatted(version, module));
      }
      copy(source, to.resolve("kernel").resolve(module));
    }
    for (String list : List.of("modules.order", "modules.builtin", "modules.builtin.modinfo")) {
      copy(from.resolve(list), to.resolve(list));
    }
    Tool.CHROOT.run(BOUND, guest.toString(), "/sbin/depmod", version).succeeded();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.sorted().toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.createDirectories(target.getParent());
          Files.copy(file, target);
        }
      }
    }
  }
}
