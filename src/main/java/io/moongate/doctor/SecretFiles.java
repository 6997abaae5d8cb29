package io.moongate.doctor;

import io.moongate.cli.CheckResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Files with keys and secrets: there, readable, and nobody else's to read. */
public final class SecretFiles {
  private static final Set<PosixFilePermission> OWNERS =
      EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

  private SecretFiles() {}

  /**
   * Looks at each.
   *
   * @param files by the setting that names them; an empty name stands for none
   */
  public static List<CheckResult> check(Map<String, String> files) {
    List<CheckResult> results = new ArrayList<>();
    files.forEach(
        (key, name) -> {
          if (!name.isEmpty()) {
            results.add(check(key, Path.of(name)));
          }
        });
    return results;
  }

  private static CheckResult check(String key, Path file) {
    String what = key + " " + file;
    if (!Files.isRegularFile(file)) {
      return CheckResult.fail(
          "secret", what + ": there is no such file", "copy it from another gateway, mode 0600");
    }
    if (!Files.isReadable(file)) {
      return CheckResult.fail(
          "secret", what + " can't be read", "make the gateway's user its owner, mode 0600");
    }
    try {
      Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
      return OWNERS.containsAll(mode)
          ? CheckResult.ok("secret", what + " is its owner's alone")
          : CheckResult.fail(
              "secret",
              what + " has mode " + PosixFilePermissions.toString(mode) + ", expected 0600",
              "chmod 600 " + file);
    } catch (IOException | UnsupportedOperationException e) {
      return CheckResult.skipped("secret", what + ": its mode can't be read: " + e.getMessage());
    }
  }
}
