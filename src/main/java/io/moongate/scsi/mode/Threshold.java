package io.moongate.scsi.mode;

import io.moongate.scsi.ScsiSettings;
import io.moongate.volume.VolumeGeometry;

/**
 * The thin provisioning threshold as hosts see it (SBC-3 section 4.7.3.7): counted in threshold
 * sets of 1 MiB.
 */
public final class Threshold {
  /** Bytes of a threshold set. */
  public static final long SET = 1 << 20;

  private Threshold() {}

  /** Whether a unit has one: it is thin, and the setting is not 0. */
  public static boolean isThere(VolumeGeometry geometry, ScsiSettings settings) {
    return geometry.unmap() && settings.thinThreshold() > 0;
  }

  /** THRESHOLD EXPONENT: logical blocks of a threshold set, as a power of two. */
  public static int exponent(VolumeGeometry geometry) {
    return Long.numberOfTrailingZeros(SET / geometry.blockSize());
  }

  /** THRESHOLD COUNT: threshold sets that are still available when it is reached. */
  public static int count(ScsiSettings settings) {
    return sets(settings.thinThreshold());
  }

  /** Whole threshold sets in so many bytes, as an unsigned 32-bit number. */
  public static int sets(long bytes) {
    return (int) Math.min(bytes / SET, 0xFFFF_FFFFL);
  }
}
