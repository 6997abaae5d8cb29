package io.moongate.volume;

import java.util.List;
import java.util.OptionalLong;

/**
 * How a store as a whole is, as one gateway knows it.
 *
 * @param state whether there is space
 * @param available bytes that its volumes together can still take, where that is known
 * @param warnings what an operator should see to
 */
public record StoreStatus(State state, OptionalLong available, List<String> warnings) {
  /** Nothing is known. */
  public static final StoreStatus UNKNOWN =
      new StoreStatus(State.UNKNOWN, OptionalLong.empty(), List.of());

  public StoreStatus {
    warnings = List.copyOf(warnings);
  }

  /** Whether there is space. */
  public enum State {
    /** There is. */
    WELL,
    /** The store itself says that there is little. */
    NEAR_FULL,
    /** Writes that need space fail. */
    FULL,
    /** It can't be said now, or the store never says. */
    UNKNOWN
  }
}
