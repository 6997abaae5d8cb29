package io.moongate.scsi.sanitize;

import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.shared.Sanitizing;

/** Which commands a sanitize operation keeps away (SBC-3 section 4.11). */
public final class SanitizeGuard {
  private static final int REQUEST_SENSE = 0x03;
  private static final int INQUIRY = 0x12;
  private static final int SANITIZE = 0x48;
  private static final int REPORT_LUNS = 0xA0;
  private static final int MAINTENANCE_IN = 0xA3;

  private SanitizeGuard() {}

  /**
   * Refuses a command while an operation goes on or has failed. REPORT TARGET PORT GROUPS and its
   * like are let through although the standard does not list them: a host that can't ask for the
   * access states gives the paths up, and waits for nothing any more.
   *
   * @param sanitizing the state; may be null
   * @param progress how far it is, as this gateway knows it
   */
  public static void check(Sanitizing sanitizing, double progress, int operationCode) {
    if (sanitizing == null) {
      return;
    }
    switch (operationCode) {
      case REQUEST_SENSE, INQUIRY, REPORT_LUNS, MAINTENANCE_IN -> {}
      case SANITIZE -> {
        if (!sanitizing.failed()) {
          throw new CheckCondition(sense(sanitizing, progress));
        }
      }
      default -> throw new CheckCondition(sense(sanitizing, progress));
    }
  }

  /** What is told of it. */
  public static Sense sense(Sanitizing sanitizing, double progress) {
    return sanitizing.failed()
        ? Sense.SANITIZE_FAILED
        : Sense.SANITIZE_IN_PROGRESS.withProgress(Math.max(progress, sanitizing.progress()));
  }
}
