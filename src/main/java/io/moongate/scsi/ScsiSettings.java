package io.moongate.scsi;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.moongate.scsi.task.TaskLimits;
import java.time.Duration;

/**
 * Limits of a logical unit, read once from {@code moongate.scsi}. Every key is described in {@code
 * conf/scsi.conf}. Those that a host must know are in its Block Limits page.
 *
 * @param tasks bounds of the task set
 * @param maxTransfer bytes that one command may transfer
 * @param maxCompareAndWrite logical blocks of one COMPARE AND WRITE, 1 to 255
 * @param maxUnmap bytes of one UNMAP
 * @param maxUnmapDescriptors ranges of one UNMAP
 * @param maxWriteSame bytes of one WRITE SAME
 * @param transitionSense whether a command that was held for its whole time is answered NOT READY
 *     (02/04/0A) instead of BUSY
 * @param thinThreshold bytes that a thin unit's store has left when hosts are warned; 0: never
 * @param thinInterval how often the owner looks at that
 * @param sanitizeRate bytes a second that one SANITIZE overwrites
 */
public record ScsiSettings(
    TaskLimits tasks,
    int maxTransfer,
    int maxCompareAndWrite,
    long maxUnmap,
    int maxUnmapDescriptors,
    long maxWriteSame,
    boolean transitionSense,
    long thinThreshold,
    Duration thinInterval,
    long sanitizeRate) {
  private static final String PATH = "moongate.scsi";
  private static final int LARGEST_BLOCK = 4096;

  /** The Block Limits page counts blocks of 512 bytes in 32 bits. */
  private static final long MOST = 0xFFFF_FFFFL * 512;

  /** Without a threshold. */
  public ScsiSettings(
      TaskLimits tasks,
      int maxTransfer,
      int maxCompareAndWrite,
      long maxUnmap,
      int maxUnmapDescriptors,
      long maxWriteSame,
      boolean transitionSense) {
    this(
        tasks,
        maxTransfer,
        maxCompareAndWrite,
        maxUnmap,
        maxUnmapDescriptors,
        maxWriteSame,
        transitionSense,
        0,
        Duration.ofSeconds(10),
        32 << 20);
  }

  /** Reads the settings; a value out of its range is refused. */
  public static ScsiSettings from(Config root) {
    Config own = root.getConfig(PATH);
    TaskLimits tasks =
        new TaskLimits(
            (int) within(own, "max-tasks", own.getInt("max-tasks"), 1, 1 << 20),
            (int) within(own, "max-held", own.getInt("max-held"), 0, 1 << 20),
            (int) within(own, "max-waiting", own.getInt("max-waiting"), 0, 1 << 20),
            bytes(own, "max-task-memory", LARGEST_BLOCK, Long.MAX_VALUE));
    return new ScsiSettings(
        tasks,
        (int) bytes(own, "max-transfer", 64 * LARGEST_BLOCK, 64 << 20),
        (int) within(own, "max-compare-and-write", own.getInt("max-compare-and-write"), 1, 255),
        bytes(own, "max-unmap", LARGEST_BLOCK, MOST),
        (int) within(own, "max-unmap-descriptors", own.getInt("max-unmap-descriptors"), 1, 4095),
        bytes(own, "max-write-same", LARGEST_BLOCK, MOST),
        own.getBoolean("transition-sense"),
        bytes(own, "thin-provisioning-threshold", 0, MOST),
        interval(own, "thin-provisioning-interval"),
        bytes(own, "sanitize-rate", 1 << 20, Long.MAX_VALUE));
  }

  /** Bytes of the data of a command in one direction, at most. */
  public int largestData() {
    return Math.max(maxTransfer, 2 * maxCompareAndWrite * LARGEST_BLOCK);
  }

  private static Duration interval(Config own, String key) {
    Duration value = own.getDuration(key);
    within(own, key, value.toSeconds(), 1, 3600);
    return value;
  }

  private static long bytes(Config own, String key, long least, long most) {
    return within(own, key, own.getBytes(key), least, most);
  }

  private static long within(Config own, String key, long value, long least, long most) {
    if (value < least || value > most) {
      throw new ConfigException.BadValue(
          own.getValue(key).origin(),
          PATH + "." + key,
          "must be from " + least + " to " + most + ", not " + value);
    }
    return value;
  }
}
