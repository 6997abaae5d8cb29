package io.moongate.transport;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.apache.pekko.util.ByteString;

/**
 * What is to be sent, in order: bytes of the heap, which are copied on their way, and buffers off
 * the heap, which are sent from where they are. Used by one thread at a time.
 */
public final class Outgoing {
  /** Pieces that the kernel gets at a time. */
  private static final int PIECES = 64;

  private final Deque<Piece> pieces = new ArrayDeque<>();
  private final List<Runnable> whenSent = new ArrayList<>(0);
  private long length;

  private static final class Piece {
    private ByteString bytes;
    private final ByteBuffer direct;

    Piece(ByteString bytes, ByteBuffer direct) {
      this.bytes = bytes;
      this.direct = direct;
    }

    int length() {
      return direct == null ? bytes.length() : direct.remaining();
    }

    void drop(int length) {
      if (direct == null) {
        bytes = bytes.drop(length);
      } else {
        direct.position(direct.position() + length);
      }
    }

    ByteString copy() {
      return direct == null ? bytes : ByteString.fromByteBuffer(direct);
    }
  }

  /** These bytes alone. */
  public static Outgoing of(ByteString bytes) {
    return new Outgoing().add(bytes);
  }

  /** Then these. */
  public Outgoing add(ByteString bytes) {
    Piece last = pieces.peekLast();
    if (last != null && last.direct == null) {
      last.bytes = last.bytes.concat(bytes);
    } else if (!bytes.isEmpty()) {
      pieces.add(new Piece(bytes, null));
    }
    length += bytes.length();
    return this;
  }

  /**
   * Then what is in a buffer, between its position and its limit, which must stay as it is until
   * all has been sent.
   *
   * @param direct off the heap
   */
  public Outgoing add(ByteBuffer direct) {
    if (direct.hasRemaining()) {
      pieces.add(new Piece(null, direct.duplicate()));
      length += direct.remaining();
    }
    return this;
  }

  /** To be run when all is with the kernel; never if the connection ends before. */
  public Outgoing whenSent(Runnable action) {
    whenSent.add(action);
    return this;
  }

  /** Makes bytes of it, with which it counts as sent: what is off the heap has been copied. */
  public ByteString intoBytes() {
    ByteString all = ByteString.emptyByteString();
    for (Piece piece = pieces.poll(); piece != null; piece = pieces.poll()) {
      all = all.concat(piece.copy());
    }
    sent();
    return all;
  }

  /** Bytes that were added. */
  public long length() {
    return length;
  }

  /** Whether nothing of it is left. */
  public boolean isEmpty() {
    return pieces.isEmpty();
  }

  /** It has all been sent. */
  void sent() {
    whenSent.forEach(Runnable::run);
    whenSent.clear();
  }

  /**
   * Hands the kernel as much as fits.
   *
   * @param transfer empty, for what is copied
   * @return whether it has taken all that it was handed
   */
  boolean send(SocketChannel channel, ByteBuffer transfer) throws IOException {
    Piece first = pieces.peek();
    if (pieces.size() == 1 && first.direct == null) {
      first.bytes.copyToBuffer(transfer);
      int handed = transfer.flip().remaining();
      return drop(channel.write(transfer), handed);
    }
    ByteBuffer[] gathered = new ByteBuffer[Math.min(pieces.size(), PIECES)];
    int count = 0;
    long handed = 0;
    boolean whole = true;
    for (Iterator<Piece> each = pieces.iterator(); whole && count < gathered.length; ) {
      Piece piece = each.next();
      ByteBuffer next =
          piece.direct == null ? copied(piece.bytes, transfer) : piece.direct.duplicate();
      whole = next.remaining() == piece.length();
      handed += next.remaining();
      gathered[count++] = next;
    }
    return drop(channel.write(gathered, 0, count), handed);
  }

  private static ByteBuffer copied(ByteString bytes, ByteBuffer transfer) {
    int from = transfer.position();
    bytes.copyToBuffer(transfer);
    return transfer.slice(from, transfer.position() - from);
  }

  private boolean drop(long sent, long handed) {
    long left = sent;
    while (left > 0) {
      Piece piece = pieces.peek();
      int part = (int) Math.min(left, piece.length());
      left -= part;
      if (part == piece.length()) {
        pieces.poll();
      } else {
        piece.drop(part);
      }
    }
    return sent == handed;
  }
}
