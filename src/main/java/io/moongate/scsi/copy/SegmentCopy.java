package io.moongate.scsi.copy;

import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One segment under way, in pieces: each is read and then written, several at a time.
 *
 * <p>Where source and destination overlap, the result is as if all had been read before anything
 * was written: pieces go one by one, from the end that the other range does not reach. Where they
 * are the same blocks, these are read, and the right to write is asked for, but nothing is written:
 * else what another host writes meanwhile could be lost.
 */
final class SegmentCopy {
  private static final ByteBuffer NO_DATA = ByteBuffer.allocate(0).asReadOnlyBuffer();

  /**
   * Why it was not copied to its end.
   *
   * @param bySource whether it was a command to the copy source, not the destination
   * @param response how that ended; GOOD when it gave less data than asked for; empty when it was
   *     not sent, because the copy is over
   * @param failure what went wrong here
   */
  record Stop(boolean bySource, Optional<Response> response, Optional<Throwable> failure) {

    /** Whether it may go better when it is asked for again. */
    boolean temporary() {
      return failure.isEmpty()
          && response
              .map(Response::status)
              .filter(status -> status != Status.BUSY && status != Status.TASK_SET_FULL)
              .isEmpty();
    }
  }

  private final CopyCommands commands;
  private final CopyParty source;
  private final long from;
  private final CopyParty destination;
  private final long to;
  private final long bytes;
  private final int piece;
  private final int pieces;
  private final CopyState state;
  private final boolean samePlace;
  private final boolean overlapping;
  private final boolean backwards;
  private final int most;
  private Consumer<Optional<Stop>> ended;

  /** Guarded by this: pieces begun, and those of them that are under way, and those done. */
  private int begun;

  private int underWay;
  private final BitSet done = new BitSet();
  private boolean wrote;
  private boolean driving;
  private boolean over;
  private Stop stop;

  /**
   * @param from first byte of the source
   * @param to first byte of the destination
   * @param bytes how many, a multiple of both block sizes
   * @param piece bytes of a piece, likewise
   * @param inFlight pieces under way at a time
   */
  SegmentCopy(
      CopyCommands commands,
      CopyParty source,
      long from,
      CopyParty destination,
      long to,
      long bytes,
      int piece,
      int inFlight,
      CopyState state) {
    this.commands = commands;
    this.source = source;
    this.from = from;
    this.destination = destination;
    this.to = to;
    this.bytes = bytes;
    this.piece = piece;
    this.pieces = (int) ((bytes + piece - 1) / piece);
    this.state = state;
    boolean sameUnit = source.identity().id().equals(destination.identity().id());
    this.samePlace = sameUnit && from == to;
    this.overlapping = sameUnit && !samePlace && Math.abs(from - to) < bytes;
    this.backwards = overlapping && to > from;
    this.most = overlapping ? 1 : inFlight;
  }

  /**
   * Begins.
   *
   * @param whenEnded is called once, when no command of it is under way any more
   */
  void start(Consumer<Optional<Stop>> whenEnded) {
    ended = whenEnded;
    if (samePlace) {
      synchronized (this) {
        driving = true;
      }
      commands.write(
          destination,
          to,
          NO_DATA,
          response -> {
            synchronized (this) {
              driving = false;
              if (!good(response)) {
                stop = new Stop(false, response, Optional.empty());
              }
            }
            drive();
          });
      return;
    }
    drive();
  }

  /** Whether a copy that begins anew comes to the same, wherever this one has stopped. */
  boolean repeatable() {
    return !overlapping;
  }

  /** Whether anything of it was written. */
  synchronized boolean wrote() {
    return wrote;
  }

  /** Blocks of the destination that follow the last one up to which everything was written. */
  synchronized long residualBlocks() {
    long copied = Math.min(bytes, (long) done.nextClearBit(0) * piece);
    return (bytes - copied) / destination.geometry().blockSize();
  }

  /** Begins as many pieces as may be, one thread at a time; says so when all has ended. */
  private void drive() {
    synchronized (this) {
      if (driving) {
        return; // whoever does sees what has changed
      }
      driving = true;
    }
    while (true) {
      int next;
      synchronized (this) {
        if (stop != null || begun == pieces || underWay == most) {
          driving = false;
          if (underWay > 0 || over) {
            return;
          }
          over = true;
          break;
        }
        next = backwards ? pieces - 1 - begun : begun;
        begun++;
        underWay++;
      }
      copy(next);
    }
    ended.accept(Optional.ofNullable(stop));
  }

  private void copy(int index) {
    long at = (long) index * piece;
    int length = (int) Math.min(piece, bytes - at);
    try {
      commands.read(source, from + at, length, response -> read(index, at, length, response));
    } catch (RuntimeException | Error failure) {
      end(index, 0, Optional.of(new Stop(true, Optional.empty(), Optional.of(failure))));
    }
  }

  private void read(int index, long at, int length, Optional<Response> response) {
    try {
      if (!good(response) || response.orElseThrow().dataIn().remaining() != length) {
        end(index, 0, Optional.of(new Stop(true, response, Optional.empty())));
      } else if (samePlace) {
        response.orElseThrow().used().run();
        end(index, length, Optional.empty());
      } else {
        ByteBuffer data = ownCopy(response.orElseThrow());
        commands.write(destination, to + at, data, written -> written(index, length, written));
      }
    } catch (RuntimeException | Error failure) {
      end(index, 0, Optional.of(new Stop(false, Optional.empty(), Optional.of(failure))));
    }
  }

  /**
   * What was read, in memory of its own: a write may be tried again while somebody still has the
   * one before it, so nobody knows when what was lent could be given back.
   */
  private static ByteBuffer ownCopy(Response response) {
    ByteBuffer data = response.dataIn();
    if (!data.isDirect()) {
      return data;
    }
    ByteBuffer copy = ByteBuffer.allocate(data.remaining()).put(data.duplicate()).flip();
    response.used().run();
    return copy;
  }

  private void written(int index, int length, Optional<Response> response) {
    if (good(response)) {
      synchronized (this) {
        wrote = true;
      }
      end(index, length, Optional.empty());
    } else {
      end(index, 0, Optional.of(new Stop(false, response, Optional.empty())));
    }
  }

  private static boolean good(Optional<Response> response) {
    return response.isPresent() && response.orElseThrow().status() == Status.GOOD;
  }

  private void end(int index, int length, Optional<Stop> why) {
    state.copied(length);
    synchronized (this) {
      underWay--;
      if (why.isEmpty()) {
        done.set(index);
      } else if (stop == null || stop.temporary() && !why.orElseThrow().temporary()) {
        stop = why.orElseThrow();
      }
    }
    drive();
  }
}
