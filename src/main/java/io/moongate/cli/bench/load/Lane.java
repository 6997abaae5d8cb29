package io.moongate.cli.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.util.ArrayDeque;

/** One connection of a load, with as many operations under way as the depth allows. */
abstract class Lane {
  /** What is written, but for what says where: no two neighbours are alike. */
  private static final ByteBuffer CONTENT = content();

  private final Wire wire;
  private final Places places;
  private final Supply supply;
  private final Tally tally;
  private final Slot[] slots;
  private final ArrayDeque<Slot> again = new ArrayDeque<>();
  private int underWay;
  private final int[] free;
  private boolean starved;

  Lane(Wire wire, Job.Shape shape, Places places, Supply supply, Tally tally) {
    this.wire = wire;
    this.places = places;
    this.supply = supply;
    this.tally = tally;
    this.slots = new Slot[shape.depth()];
    this.free = new int[shape.depth()];
    for (int i = 0; i < slots.length; i++) {
      slots[i] = new Slot(i);
      free[i] = slots.length - 1 - i;
    }
  }

  private static ByteBuffer content() {
    ByteBuffer bytes = ByteBuffer.allocateDirect(1 << 18);
    long value = 0x9E3779B97F4A7C15L;
    while (bytes.hasRemaining()) {
      value ^= value << 13;
      value ^= value >>> 7;
      value ^= value << 17;
      bytes.putLong(value);
    }
    return bytes.flip().asReadOnlyBuffer();
  }

  /** Appends so many bytes of content. */
  static void fill(ByteBuffer out, int length) {
    int left = length;
    while (left > 0) {
      int step = Math.min(left, CONTENT.capacity());
      out.put(CONTENT.duplicate().limit(step));
      left -= step;
    }
  }

  final void register(Selector selector) throws IOException {
    wire.register(selector, this);
  }

  final Wire wire() {
    return wire;
  }

  /** Begins what is due, and sends what can be sent. */
  final void pump(long now) throws IOException {
    boolean more = true;
    while (more) {
      starved = false;
      boolean encoded = true;
      while (encoded) {
        encoded = encodeNext(now);
      }
      // What found no room has some now.
      more = wire.flush() && starved;
    }
  }

  /** Takes in what was received. */
  final void receive() throws IOException {
    wire.receive(this::consume);
  }

  /** Whether all that was begun has ended, and nothing more is to begin. */
  final boolean over(long now) {
    return underWay == 0 && supply.over(now);
  }

  final boolean idle() {
    return underWay == 0;
  }

  /** Whether something has to be sent again. */
  final boolean repeats() {
    return !again.isEmpty();
  }

  /** When something is to be done that nothing received will tell. */
  final long due(long now) {
    long next = again.isEmpty() ? Long.MAX_VALUE : again.peek().again;
    if (underWay < slots.length && !supply.over(now)) {
      next = again.isEmpty() ? supply.next(now) : Math.min(next, supply.next(now));
    }
    return next;
  }

  private boolean encodeNext(long now) throws IOException {
    if (encodeOwed()) {
      return true;
    }
    if (starved || !mayBegin() || !room(commandLength())) {
      return false;
    }
    Slot repeated = again.peek();
    if (repeated != null && repeated.again - now <= 0) {
      again.remove();
      repeated.received = 0;
      encodeCommand(repeated);
      return true;
    }
    if (underWay == slots.length || !supply.due(now)) {
      return false;
    }
    Slot slot = slots[free[slots.length - 1 - underWay]];
    underWay++;
    slot.start = supply.take(now);
    slot.read = places.reads();
    slot.offset = places.next();
    slot.received = 0;
    encodeCommand(slot);
    return true;
  }

  /** Whether so many bytes can be appended; if not, it is tried again once some were sent. */
  final boolean room(int bytes) {
    starved = !wire.room(bytes);
    return !starved;
  }

  /** The operation under way in a slot. */
  final Slot slot(int index) throws IOException {
    if (index < 0 || index >= slots.length) {
      throw new IOException("an answer to the task %d, which was never sent".formatted(index));
    }
    return slots[index];
  }

  /** An operation has ended well. */
  final void done(Slot slot) {
    tally.done(slot, System.nanoTime());
    underWay--;
    free[slots.length - 1 - underWay] = slot.index;
  }

  /** An operation has to be sent again, after a while. */
  final void repeat(Slot slot, long nanos) {
    tally.repeated();
    slot.again = System.nanoTime() + nanos;
    again.add(slot);
  }

  /** Whether a command may be sent now. */
  abstract boolean mayBegin();

  /** Bytes of a command with all that goes along, at most. */
  abstract int commandLength();

  abstract void encodeCommand(Slot slot) throws IOException;

  /** Encodes some of what is owed to commands that were sent; false when there is nothing. */
  abstract boolean encodeOwed() throws IOException;

  abstract void consume(ByteBuffer received) throws IOException;

  /** Ends it in good order; the channel blocks from now on. */
  abstract void end() throws IOException;
}
