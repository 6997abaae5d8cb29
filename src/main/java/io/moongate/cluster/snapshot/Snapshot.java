package io.moongate.cluster.snapshot;

import io.moongate.cluster.CborSerializable;
import java.time.Instant;
import java.util.regex.Pattern;

/**
 * A snapshot of a logical unit's volume.
 *
 * @param name unique in the unit
 * @param size bytes that the unit had
 * @param at when it was made, by the store's clock
 * @param clones how many units were cloned from it
 * @param locked whether the store's own tools keep it from being deleted
 */
public record Snapshot(String name, long size, Instant at, int clones, boolean locked)
    implements CborSerializable {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,63}");

  /** Whether a snapshot that is made here may have the name. */
  public static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }
}
