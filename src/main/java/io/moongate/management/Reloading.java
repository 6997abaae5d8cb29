package io.moongate.management;

import io.moongate.management.api.Reloaded;

/** Takes what has changed in the gateway's configuration file, while it runs. */
public interface Reloading {

  /**
   * Reads the file, looks at all of it, and takes what has changed, or nothing. May wait for files
   * and for name servers.
   *
   * @param by who asks
   * @param dryRun to take nothing, and only say what would be
   * @throws Refused when something in the file is wrong, or needs a restart
   */
  Reloaded reload(String by, boolean dryRun) throws Refused;

  /** Nothing was taken; the message says why, and what to do. */
  final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    /** Says why. */
    public Refused(String message) {
      super(message);
    }
  }
}
