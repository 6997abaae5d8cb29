package io.moongate.cli.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A connection to an {@link EchoServer}. */
final class EchoLane extends Lane {
  private final int size;
  private int owed;
  private int left;
  private Slot answered;

  EchoLane(Wire wire, Job.Shape shape, Places places, Supply supply, Tally tally) {
    super(wire, shape, places, supply, tally);
    this.size = shape.size();
  }

  static SocketChannel connect(InetSocketAddress address) throws IOException {
    SocketChannel channel = SocketChannel.open();
    try {
      channel.socket().setTcpNoDelay(true);
      channel.socket().connect(address, (int) Exchange.TIMEOUT.toMillis());
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  boolean mayBegin() {
    return true;
  }

  @Override
  int commandLength() {
    return EchoServer.HEADER;
  }

  @Override
  void encodeCommand(Slot slot) {
    EchoServer.header(wire().out(), slot.read, size, slot.index);
    owed = slot.read ? 0 : size;
  }

  @Override
  boolean encodeOwed() {
    if (owed == 0 || !room(1)) {
      return false;
    }
    int step = Math.min(owed, wire().out().remaining());
    fill(wire().out(), step);
    owed -= step;
    return true;
  }

  @Override
  void consume(ByteBuffer received) throws IOException {
    while (true) {
      if (answered == null) {
        if (received.remaining() < EchoServer.HEADER) {
          return;
        }
        int at = received.position();
        answered = slot(received.getInt(at + EchoServer.TAG));
        left = answered.read ? received.getInt(at + EchoServer.SIZE) : 0;
        received.position(at + EchoServer.HEADER);
      }
      int step = Math.min(left, received.remaining());
      received.position(received.position() + step);
      left -= step;
      if (left > 0) {
        return;
      }
      done(answered);
      answered = null;
    }
  }

  @Override
  void end() throws IOException {
    wire().channel().close();
  }
}
