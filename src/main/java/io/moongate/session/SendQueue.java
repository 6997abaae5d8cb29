package io.moongate.session;

import io.moongate.wire.Pdu;
import io.moongate.wire.TargetPdu;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * What a connection still has to send, in order. A response gets its StatSN, ExpCmdSN and MaxCmdSN
 * when it is taken, and a Data-In PDU is cut when it is taken: nothing is made ahead of TCP's
 * demand, and every PDU carries the newest numbers.
 *
 * <p>Bounded by what is put in: every item stands for a request that holds a place in the command
 * window, for an immediate request of a bounded number, or for one of a few PDUs of the target's
 * own.
 */
final class SendQueue {
  private final Deque<Item> urgent = new ArrayDeque<>();
  private final Deque<Item> items = new ArrayDeque<>();
  private final Numbers numbers = new Numbers();

  /** Something to send: one PDU or several. */
  @FunctionalInterface
  interface Item {
    /** Makes the next PDU. */
    TargetPdu next(Numbers numbers);

    /** Whether the PDU just made was the last of this item. */
    default boolean finished() {
      return true;
    }
  }

  /** The numbers that a response carries (RFC 7143 section 4.2.2). */
  static final class Numbers {
    private int statSn = 1;
    private CommandWindow<?> window = new CommandWindow<>(0, 1);

    /** The number of the next status. */
    int statSn() {
      return statSn;
    }

    /** Takes a number for a status. */
    int takeStatSn() {
      return statSn++;
    }

    int expCmdSn() {
      return window.expCmdSn();
    }

    /** MaxCmdSN, remembered as told to the initiator. */
    int maxCmdSn() {
      return window.announceMaxCmdSn();
    }
  }

  /** Takes numbers from this window from now on. */
  void numberBy(CommandWindow<?> window) {
    numbers.window = window;
  }

  /** The StatSN of the next status: whatever has it, or a later one, is sent after this. */
  int nextStatSn() {
    return numbers.statSn();
  }

  void add(Item item) {
    items.add(item);
  }

  /** Adds something that overtakes responses: an R2T, for which an initiator waits. */
  void addUrgent(Item item) {
    urgent.add(item);
  }

  boolean isEmpty() {
    return urgent.isEmpty() && items.isEmpty();
  }

  int size() {
    return urgent.size() + items.size();
  }

  void clear() {
    urgent.clear();
    items.clear();
  }

  /** Moves PDUs to {@code batch} until it has {@code bytes} or nothing is left. */
  void take(List<TargetPdu> batch, int bytes) {
    int taken = 0;
    while (taken < bytes) {
      Deque<Item> from = urgent.isEmpty() ? items : urgent;
      Item item = from.peek();
      if (item == null) {
        return;
      }
      TargetPdu pdu = item.next(numbers);
      batch.add(pdu);
      taken += Pdu.BASIC_HEADER_LENGTH + pdu.dataLength();
      if (item.finished()) {
        from.poll();
      }
    }
  }
}
