package io.moongate.multinode.host;

import java.time.Duration;

/**
 * Persistent reservations of a {@link LinuxHost} on a multipath map, by the commands that
 * Pacemaker's {@code fence_mpath} runs.
 *
 * @param map name below {@code /dev/mapper}
 * @param key in hexadecimal digits
 */
public record PersistentHost(Guest guest, String map, String key) {
  private static final Duration BOUND = Duration.ofMinutes(10);

  /** Write exclusive, registrants only. */
  private static final int TYPE = 5;

  /** How a write of the map ended. */
  public enum Written {
    GOOD,
    REFUSED
  }

  /** Has multipathd know the keys that are registered, so that paths that come later get them. */
  public void configure() {
    guest.succeed(
        BOUND,
        """
        set -e
        mkdir -p /etc/multipath/conf.d
        printf 'defaults {\\n    reservation_key file\\n}\\n' >/etc/multipath/conf.d/fence.conf
        multipathd reconfigure
        """);
  }

  /** Registers every path under the key. */
  public void register() {
    out("--register-ignore --param-sark=" + key);
  }

  public void reserve() {
    out("--reserve --prout-type=%d --param-rk=%s".formatted(TYPE, key));
  }

  /** Puts another host out, and aborts what it has under way. */
  public void fence(String other) {
    out(
        "--preempt-abort --prout-type=%d --param-rk=%s --param-sark=%s"
            .formatted(TYPE, key, other));
  }

  /** Takes every registration away, and the reservation. */
  public void clear() {
    out("--clear --param-rk=" + key);
  }

  private void out(String what) {
    guest.succeed(BOUND, "mpathpersist --out %s /dev/mapper/%s".formatted(what, map));
  }

  /**
   * What {@code sg_persist} reads through one path: keys, reservation, and whose they are. It tells
   * by status 6 that the path had to be told something first (UNIT ATTENTION), and is asked again.
   */
  public String status(String device) {
    return guest.succeed(
        BOUND,
        """
        set -e
        ask() {
            for attempt in 1 2 3 4 5 6; do
                sg_persist --in "$1" /dev/%s && return 0
                [ $? -eq 6 ] || return 1
            done
            return 1
        }
        for what in -k -r -s; do ask $what; done
        """
            .formatted(device));
  }

  /** Writes a block through the map, past the page cache. */
  public Written write() {
    Guest.Answer answer =
        guest.run(
            BOUND,
            "timeout 300 dd if=/dev/zero of=/dev/mapper/%s bs=4096 count=1 oflag=direct conv=notrunc"
                .formatted(map));
    if (answer.status() == 0) {
      return Written.GOOD;
    }
    // EBADE, which the kernel makes of RESERVATION CONFLICT.
    if (answer.text().contains("Invalid exchange")) {
      return Written.REFUSED;
    }
    throw new AssertionError("dd ended with status " + answer);
  }
}
