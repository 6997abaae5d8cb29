package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;

/** What a result below 0 of librados or librbd means for whoever uses a volume. */
final class Errno {
  static final int EPERM = 1;
  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int EAGAIN = 11;
  static final int ENOMEM = 12;
  static final int EACCES = 13;
  static final int EBUSY = 16;
  static final int EEXIST = 17;
  static final int EINVAL = 22;
  static final int ENOSPC = 28;
  static final int EROFS = 30;
  static final int ERANGE = 34;
  static final int ENOTEMPTY = 39;
  static final int ERESTART = 85;
  static final int EOPNOTSUPP = 95;
  static final int ENOTCONN = 107;

  /** Ceph's EBLOCKLISTED. */
  static final int ESHUTDOWN = 108;

  static final int ETIMEDOUT = 110;
  static final int ESTALE = 116;
  static final int EDQUOT = 122;
  static final int ECANCELED = 125;

  private Errno() {}

  /**
   * The result itself.
   *
   * @param action what was asked for, as in "opening volume x"
   * @throws VolumeException when it is below 0
   */
  static long check(long result, String action) {
    if (result < 0) {
      throw failure(result, action);
    }
    return result;
  }

  static VolumeException failure(long result, String action) {
    int errno = (int) -result;
    return new VolumeException(
        reason(errno), "%s failed: %s (errno %d)".formatted(action, text(errno), errno));
  }

  private static Reason reason(int errno) {
    return switch (errno) {
      case ENOENT -> Reason.NOT_FOUND;
      case ESHUTDOWN, EROFS -> Reason.FENCED;
      case ENOSPC, EDQUOT -> Reason.FULL;
      case ETIMEDOUT, ENOTCONN, EAGAIN, EBUSY, EACCES, EPERM -> Reason.UNAVAILABLE;
      // Of this client or of the moment, and not of the medium.
      case ENOMEM, EINTR, ECANCELED, ERESTART, ESTALE, ERANGE -> Reason.UNAVAILABLE;
      case EOPNOTSUPP -> Reason.UNSUPPORTED;
      default -> Reason.IO;
    };
  }

  private static String text(int errno) {
    return switch (errno) {
      case ENOENT -> "not there";
      case ESHUTDOWN -> "this client is on the blocklist";
      case EROFS -> "another client has the lock";
      case ENOSPC -> "no space left";
      case EDQUOT -> "the quota is used up";
      case ETIMEDOUT -> "no answer in time";
      case ENOTCONN -> "not connected";
      case EBUSY -> "in use";
      case ENOMEM -> "no memory";
      case EINTR, ECANCELED, ERESTART, ESTALE -> "interrupted";
      case EACCES, EPERM -> "not permitted";
      default -> "Ceph refused";
    };
  }
}
