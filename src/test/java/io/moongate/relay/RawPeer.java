package io.moongate.relay;

import java.io.Closeable;
import java.io.IOException;
import java.net.Socket;
import java.util.Arrays;
import java.util.Optional;
import org.apache.pekko.util.ByteString;

/** One end of a relay connection in the hands of a test. Blocking. */
final class RawPeer implements Closeable {
  private final Socket socket;
  private final FrameDecoder decoder = new FrameDecoder(16 << 20);

  RawPeer(Socket socket) throws IOException {
    this.socket = socket;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(30_000);
  }

  void send(Frame frame) throws IOException {
    socket.getOutputStream().write(FrameEncoder.encode(frame).toArray());
  }

  /** The next frame; null when the other end has closed. */
  Frame receive() throws IOException {
    byte[] bytes = new byte[64 * 1024];
    while (true) {
      Optional<Frame> frame = decoder.next();
      if (frame.isPresent()) {
        return frame.get();
      }
      int read = socket.getInputStream().read(bytes);
      if (read < 0) {
        return null;
      }
      decoder.feed(ByteString.fromArray(Arrays.copyOf(bytes, read)));
    }
  }

  /** The next frame of a kind; others are passed over. */
  <T extends Frame> T receive(Class<T> kind) throws IOException {
    while (true) {
      Frame frame = receive();
      if (frame == null) {
        throw new IOException("closed before a " + kind.getSimpleName());
      }
      if (kind.isInstance(frame)) {
        return kind.cast(frame);
      }
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
