package io.moongate.management.api;

import java.util.List;

/**
 * What has changed in a gateway's configuration file.
 *
 * @param gateway name of the gateway that answers
 * @param file that it has read
 * @param applied whether what has changed is in force now; false when it was only asked for
 * @param changed settings that have another value; empty when the file says what is in force
 */
public record Reloaded(String gateway, String file, boolean applied, List<Setting> changed) {
  public Reloaded {
    changed = changed == null ? List.of() : List.copyOf(changed);
  }

  /**
   * A setting that has changed.
   *
   * @param key its name
   * @param from what was in force
   * @param to what the file says now
   */
  public record Setting(String key, String from, String to) {}
}
