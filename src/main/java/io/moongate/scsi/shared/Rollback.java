package io.moongate.scsi.shared;

/**
 * The last time that a unit was given the content of one of its snapshots. Kept with the unit, so
 * that nobody serves it before that has ended, whoever owns it meanwhile.
 *
 * @param snapshot its name
 * @param id names this time
 * @param going whether it has not ended: commands to the medium are refused with NOT READY
 * @param failure why it has ended with nothing changed; empty when it has not
 */
public record Rollback(String snapshot, String id, boolean going, String failure) {

  /** One that begins. */
  public static Rollback begun(String snapshot, String id) {
    return new Rollback(snapshot, id, true, "");
  }

  /** Whether one is there and goes on. */
  public static boolean goesOn(Rollback rollback) {
    return rollback != null && rollback.going;
  }

  /**
   * Whether the content has been replaced by what came later, also where nobody here has heard of
   * its beginning.
   *
   * @param before what was known; null when there had been none
   * @param now what is known now; null when there has been none
   */
  public static boolean hasReplaced(Rollback before, Rollback now) {
    boolean ended = now != null && !now.going && now.failure.isEmpty();
    return ended && (before == null || before.going || !before.id.equals(now.id));
  }

  /**
   * The same, ended.
   *
   * @param why nothing was changed; empty when it was done
   */
  public Rollback ended(String why) {
    return new Rollback(snapshot, id, false, why);
  }
}
