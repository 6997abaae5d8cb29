package io.moongate.cli.bench.load;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** A channel that does not block, with what is to be sent on it and what was received. */
final class Wire {
  private static final int TURNS = 4;

  private final SocketChannel channel;
  private final ByteBuffer out;
  private final ByteBuffer unsent;
  private final ByteBuffer in;
  private SelectionKey key;

  /** Takes what it can of what was received; the rest is there again the next time. */
  interface Receiver {
    void consume(ByteBuffer received) throws IOException;
  }

  /**
   * @param bytes of each of both buffers
   */
  Wire(SocketChannel channel, int bytes) throws IOException {
    this.channel = channel;
    this.out = ByteBuffer.allocateDirect(bytes);
    this.unsent = out.duplicate();
    this.in = ByteBuffer.allocateDirect(bytes);
    unsent.limit(0);
    channel.configureBlocking(false);
  }

  void register(Selector selector, Object owner) throws IOException {
    key = channel.register(selector, SelectionKey.OP_READ, owner);
  }

  /** Where what is to be sent is appended. */
  ByteBuffer out() {
    return out;
  }

  /** Whether so many bytes can be appended now. */
  boolean room(int bytes) {
    if (out.remaining() < bytes && unsent.position() > 0) {
      out.flip().position(unsent.position());
      out.compact();
      unsent.position(0);
    }
    return out.remaining() >= bytes;
  }

  /** Sends what the kernel takes; whether that was all. */
  boolean flush() throws IOException {
    unsent.limit(out.position());
    if (unsent.hasRemaining()) {
      channel.write(unsent);
    }
    boolean all = !unsent.hasRemaining();
    if (all) {
      out.clear();
      unsent.position(0).limit(0);
    }
    int wanted = all ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE;
    if (key.interestOps() != wanted) {
      key.interestOps(wanted);
    }
    return all;
  }

  /**
   * Receives what there is, a few buffers at most.
   *
   * @throws EOFException when the other side has closed the connection
   */
  void receive(Receiver receiver) throws IOException {
    for (int turn = 0; turn < TURNS; turn++) {
      int asked = in.remaining();
      int count = channel.read(in);
      if (count < 0) {
        throw new EOFException("the other side closed the connection");
      }
      if (count > 0) {
        in.flip();
        receiver.consume(in);
        in.compact();
      }
      if (count < asked) {
        return;
      }
    }
  }

  SocketChannel channel() {
    return channel;
  }
}
