package io.moongate.session;

import io.moongate.wire.SerialNumber;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Command numbering of a session (RFC 7143 section 4.2.2.1): puts non-immediate requests into CmdSN
 * order, drops those outside the window and duplicates, and opens the window by one for each
 * request that has ended.
 *
 * @param <T> what is numbered
 */
final class CommandWindow<T> {
  private final Map<Integer, Optional<T>> held = new HashMap<>();
  private int expCmdSn;
  private int maxCmdSn;
  private int announcedMaxCmdSn;
  private int owed;

  /**
   * @param firstCmdSn CmdSN of the login
   * @param queueDepth requests that may be under way
   */
  CommandWindow(int firstCmdSn, int queueDepth) {
    this.expCmdSn = firstCmdSn;
    this.maxCmdSn = firstCmdSn + queueDepth - 1;
    this.announcedMaxCmdSn = maxCmdSn;
  }

  /**
   * Numbers that tell an initiator nothing: MaxCmdSN below ExpCmdSN - 1, which it has to ignore
   * (section 4.2.2.1). For a login that is not yet let into the session that it names.
   */
  static <T> CommandWindow<T> unnumbered(int cmdSn) {
    return new CommandWindow<>(cmdSn, -1);
  }

  int expCmdSn() {
    return expCmdSn;
  }

  int maxCmdSn() {
    return maxCmdSn;
  }

  /** MaxCmdSN, remembered as told to the initiator. */
  int announceMaxCmdSn() {
    announcedMaxCmdSn = maxCmdSn;
    return maxCmdSn;
  }

  /** Whether the initiator thinks that it may send nothing, and may. */
  boolean reopened() {
    return SerialNumber.lessThan(announcedMaxCmdSn, expCmdSn) && !closed();
  }

  /** Whether the initiator may send no further non-immediate request. */
  boolean closed() {
    return SerialNumber.lessThan(maxCmdSn, expCmdSn);
  }

  /** Whether {@code cmdSn} is in the window. */
  boolean contains(int cmdSn) {
    return SerialNumber.lessOrEqual(expCmdSn, cmdSn) && SerialNumber.lessOrEqual(cmdSn, maxCmdSn);
  }

  /** Takes a request, and delivers it and whatever waited for it, in order. */
  void accept(int cmdSn, T request, Consumer<T> deliver) {
    if (!contains(cmdSn)) {
      return;
    }
    if (cmdSn != expCmdSn) {
      held.putIfAbsent(cmdSn, Optional.of(request));
      return;
    }
    expCmdSn++;
    deliver.accept(request);
    deliverHeld(deliver);
  }

  /**
   * Considers a request as received that has not come (section 11.5.5), or forgets one that waits.
   * Its place in the window is given back at once.
   */
  void skip(int cmdSn, Consumer<T> deliver) {
    if (!contains(cmdSn)) {
      return;
    }
    held.put(cmdSn, Optional.empty());
    deliverHeld(deliver);
  }

  /** Considers a request as received that has not come; leaves alone what waits at its number. */
  void plug(int cmdSn, Consumer<T> deliver) {
    if (!held.containsKey(cmdSn)) {
      skip(cmdSn, deliver);
    }
  }

  /** Forgets requests that wait, as if they had not come; they may come again. */
  void discard(Predicate<T> discarded) {
    held.values().removeIf(waits -> waits.isPresent() && discarded.test(waits.get()));
  }

  /** The requests that wait for an earlier one. */
  Map<Integer, Optional<T>> held() {
    return held;
  }

  /** A request has ended: the window may open by one. */
  void ended() {
    owed++;
  }

  /** Opens the window by what has ended, unless memory is short. */
  void open() {
    maxCmdSn += owed;
    owed = 0;
  }

  private void deliverHeld(Consumer<T> deliver) {
    while (!held.isEmpty()) {
      Optional<T> next = held.remove(expCmdSn);
      if (next == null) {
        return;
      }
      expCmdSn++;
      if (next.isPresent()) {
        deliver.accept(next.get());
      } else {
        ended();
      }
    }
  }
}
