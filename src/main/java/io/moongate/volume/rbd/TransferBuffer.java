package io.moongate.volume.rbd;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;

/**
 * The memory of one transfer, at an address that stays: the caller's own when his buffer is direct,
 * else a copy. To be kept reachable until the transfer has ended.
 */
final class TransferBuffer {
  private final ByteBuffer buffer;
  private final long address;
  private final int length;

  private static final byte[] ZEROS = new byte[4096];

  private TransferBuffer(ByteBuffer buffer, long address) {
    this.buffer = buffer;
    this.address = address;
    this.length = buffer.remaining();
  }

  /** For what is to be read, between position and limit. */
  static TransferBuffer into(ByteBuffer target) {
    return target.isDirect() ? direct(target) : new TransferBuffer(target, allocate(target));
  }

  /** With what is to be written, between position and limit. */
  static TransferBuffer of(ByteBuffer source) {
    if (source.isDirect()) {
      return direct(source);
    }
    TransferBuffer copy = new TransferBuffer(source, allocate(source));
    copy.memory().put(source.duplicate());
    return copy;
  }

  private static TransferBuffer direct(ByteBuffer buffer) {
    // The address is that of the buffer's beginning, wherever its position is.
    long start = Pointer.nativeValue(Native.getDirectBufferPointer(buffer));
    return new TransferBuffer(buffer, start + buffer.position());
  }

  private static long allocate(ByteBuffer buffer) {
    long address = Native.malloc(Math.max(1, buffer.remaining()));
    if (address == 0) {
      throw new OutOfMemoryError("no memory for a transfer of " + buffer.remaining() + " bytes");
    }
    return address;
  }

  long address() {
    return address;
  }

  /** Bytes. */
  int length() {
    return length;
  }

  /** Whether nothing but zeros has been read. */
  boolean isZeros() {
    ByteBuffer read = buffer.isDirect() ? buffer.duplicate() : memory();
    while (read.hasRemaining()) {
      ByteBuffer piece = read.slice().limit(Math.min(read.remaining(), ZEROS.length));
      if (piece.mismatch(ByteBuffer.wrap(ZEROS, 0, piece.remaining())) >= 0) {
        return false;
      }
      read.position(read.position() + piece.remaining());
    }
    return length > 0;
  }

  /** Hands over what has been read. */
  void deliver() {
    if (!buffer.isDirect()) {
      buffer.duplicate().put(memory());
    }
  }

  /** Gives a copy's memory back. Once, when nothing can touch it any more. */
  void free() {
    if (!buffer.isDirect()) {
      Native.free(address);
    }
  }

  private ByteBuffer memory() {
    return new Pointer(address).getByteBuffer(0, length);
  }
}
