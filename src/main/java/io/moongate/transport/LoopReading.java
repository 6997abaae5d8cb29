package io.moongate.transport;

import java.util.Comparator;
import java.util.List;

/**
 * An event loop at one moment.
 *
 * @param name of its thread
 * @param busySeconds that it has spent doing what was due, and not waiting, since it began
 * @param turnSeconds for how long it has been at what it is doing; 0 while it waits. Nothing else
 *     of its connections is served meanwhile
 * @param tasks that wait for their turn
 */
public record LoopReading(String name, double busySeconds, double turnSeconds, int tasks) {

  /** Every loop of this process that runs, by name. */
  public static List<LoopReading> all() {
    return EventLoop.running().stream()
        .map(EventLoop::reading)
        .sorted(Comparator.comparing(LoopReading::name))
        .toList();
  }
}
