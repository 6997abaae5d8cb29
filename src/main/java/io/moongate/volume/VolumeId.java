package io.moongate.volume;

import java.util.regex.Pattern;

/**
 * The rule for a volume's name in a store: 1 to 64 characters of {@code a-z}, {@code 0-9} and
 * {@code -}. It leaves no way to name a path, a hidden file or another pool.
 */
public final class VolumeId {
  private static final Pattern VALID = Pattern.compile("[a-z0-9-]{1,64}");

  private VolumeId() {}

  /**
   * The id itself when it is valid.
   *
   * @throws VolumeException with {@link VolumeException.Reason#NOT_FOUND}: no volume can have it
   */
  public static String require(String id) {
    if (id == null || !VALID.matcher(id).matches()) {
      throw new VolumeException(
          VolumeException.Reason.NOT_FOUND,
          "a volume's id is 1 to 64 characters of a-z, 0-9 and '-'");
    }
    return id;
  }
}
