package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.util.Map;
import java.util.TreeMap;

/**
 * Options of librbd that safety rests on: docs/decisions/0019-rbd.md. librbd takes an option from
 * the image, else from the pool, else from its client, and looks anew whenever the image changes.
 * So they are set on each image of ours: what is set on the pool, now or later, does not count
 * then.
 */
final class SafeOptions {
  /** What the metadata begin with that are options of librbd. */
  static final String CONFIGURATION = "conf_";

  /** librbd takes it from its client alone. */
  private static final String OF_THE_CLIENT = "rbd_auto_exclusive_lock_until_manual_request";

  /** Options and their safe values. */
  static final Map<String, String> VALUES =
      Map.of(
          // Should librbd itself take a lock from one who is gone.
          "rbd_blocklist_on_break_lock",
          "true",
          "rbd_blocklist_expire_seconds",
          "0",
          // A lock that was taken on purpose is kept, whoever asks for it.
          OF_THE_CLIENT,
          "true",
          // What has completed is on the servers, and all reads come from where the writes go.
          "rbd_cache",
          "false",
          "rbd_persistent_cache_mode",
          "disabled",
          "rbd_parent_cache_enabled",
          "false",
          "rbd_read_from_replica_policy",
          "default",
          // A buffer is not touched after its operation has ended; a call does not wait.
          "rbd_disable_zero_copy_writes",
          "true",
          "rbd_non_blocking_aio",
          "true");

  private SafeOptions() {}

  /** As metadata of an image. */
  static Map<String, String> metadata() {
    Map<String, String> all = new TreeMap<>();
    VALUES.forEach((option, value) -> all.put(CONFIGURATION + option, value));
    all.remove(CONFIGURATION + OF_THE_CLIENT);
    return all;
  }

  /**
   * Refuses an image on which others are set.
   *
   * @throws VolumeException with UNSUPPORTED
   */
  static void requireOf(RbdImage image) {
    require(image, image.configuration(), Map.of());
  }

  /**
   * Refuses an image for which others count, as they are set on it or its pool.
   *
   * @throws VolumeException with UNSUPPORTED
   */
  static void requireFor(RadosClient client, RbdImage image) {
    require(image, image.configuration(), client.poolConfiguration());
  }

  /** The same, and sets those that are not set on the image: the lock must be ours. */
  static void secure(RadosClient client, RbdImage image, ImageHeader header) {
    Map<String, String> present = image.configuration();
    Map<String, String> missing = metadata();
    present.keySet().forEach(option -> missing.remove(CONFIGURATION + option));
    if (!missing.isEmpty()) {
      // First: what was set on the pool until now is seen here, what comes later does not count.
      header.record(missing);
    }
    require(image, present, client.poolConfiguration());
  }

  private static void require(
      RbdImage image, Map<String, String> ofImage, Map<String, String> ofPool) {
    VALUES.forEach(
        (option, safe) -> {
          String value = ofImage.getOrDefault(option, ofPool.getOrDefault(option, safe));
          if (!isSame(value, safe)) {
            throw new VolumeException(
                Reason.UNSUPPORTED,
                "%s is set to %s on image %s or its pool; it must be %s: see rbd config"
                    .formatted(option, value, image.name(), safe));
          }
        });
  }

  private static boolean isSame(String value, String safe) {
    return switch (value) {
      case "0" -> safe.equals("0") || safe.equals("false");
      case "1" -> safe.equals("true");
      default -> value.equalsIgnoreCase(safe);
    };
  }
}
