package io.moongate.volume;

import java.util.regex.Pattern;

/**
 * The rule for the name of a snapshot that is made here: 1 to 64 letters, digits and {@code ._-},
 * the first a letter, a digit or {@code _}.
 */
public final class SnapshotName {
  private static final Pattern VALID = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,63}");

  private SnapshotName() {}

  /** Whether a snapshot may have the name. */
  public static boolean isValid(String name) {
    return VALID.matcher(name).matches();
  }

  /**
   * The name itself when it is valid.
   *
   * @throws VolumeException with {@link VolumeException.Reason#RANGE}
   */
  public static String require(String name) {
    if (!isValid(name)) {
      throw new VolumeException(
          VolumeException.Reason.RANGE,
          "a snapshot's name is 1 to 64 letters, digits and '.', '_', '-', and does not begin with"
              + " '.' or '-'");
    }
    return name;
  }
}
