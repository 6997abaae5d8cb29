package io.moongate.management.api;

import java.util.List;

/**
 * A part of a list, which a request has asked for by {@code limit} or {@code cursor}.
 *
 * @param items at most as many as were asked for, in the list's order
 * @param next the cursor by which the next part is asked for; null when this was the last
 */
public record Page<T>(List<T> items, String next) {
  public Page {
    items = List.copyOf(items);
  }
}
