package io.moongate.relay;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.TaskAttribute;
import io.moongate.transport.Outgoing;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.apache.pekko.util.ByteString;

/**
 * Frames to bytes. A frame is its length (4 bytes, of what follows), its type (1 byte) and its
 * fields in order, big-endian; strings are a length (2 bytes) and UTF-8. Data is last and has no
 * length of its own.
 */
final class FrameEncoder {
  static final byte HELLO = 1;
  static final byte WELCOME = 2;
  static final byte REFUSAL = 3;
  static final byte TICK = 4;
  static final byte REQUEST = 5;
  static final byte REPLY = 6;

  /** "MGRL": the first field of a hello, before the version. */
  static final int MAGIC = 0x4D47524C;

  /** Everything of a frame but its data fits in this, or it is not sent. */
  static final int MAX_FIELDS = 8192;

  private FrameEncoder() {}

  /**
   * The bytes of a frame. Data that is in an accessible array is not copied, so it must not change
   * until the request is answered.
   */
  static ByteString encode(Frame frame) {
    // A conditional chain, since patterns in a switch are not in Java 17.
    if (frame instanceof Frame.Request request) {
      return request(request);
    } else if (frame instanceof Frame.Reply reply) {
      return reply(reply);
    } else if (frame instanceof Frame.Tick tick) {
      return whole(begin(TICK, 8).putLong(tick.nanos()));
    } else if (frame instanceof Frame.Hello hello) {
      return hello(hello);
    } else if (frame instanceof Frame.Welcome welcome) {
      return whole(begin(WELCOME, 8).putLong(welcome.begun()));
    } else {
      return whole(begin(REFUSAL, 1).put(((Frame.Refusal) frame).reason().code));
    }
  }

  private static ByteString hello(Frame.Hello hello) {
    byte[] gateway = hello.sender().gateway().getBytes(UTF_8);
    ByteBuffer bytes = begin(HELLO, 4 + 2 + 2 + gateway.length + 3 * 16 + 2 * 8);
    bytes.putInt(MAGIC).putShort((short) Frame.VERSION);
    put(bytes, gateway);
    put(bytes, hello.sender().incarnation());
    bytes.putLong(hello.sender().registration());
    put(bytes, hello.link());
    bytes.putLong(hello.connection());
    put(bytes, hello.expected());
    return whole(bytes);
  }

  private static ByteString request(Frame.Request request) {
    Command command = request.command();
    byte[] unit = request.unitId().getBytes(UTF_8);
    byte[] initiator = command.nexus().initiatorName().getBytes(UTF_8);
    byte[] target = command.nexus().targetName().getBytes(UTF_8);
    byte[] cdb = command.cdb();
    ByteBuffer bytes =
        begin(
            REQUEST,
            3 * 8
                + 2
                + unit.length
                + 2
                + initiator.length
                + 8
                + 2
                + target.length
                + 4
                + 4
                + 1
                + 2
                + cdb.length
                + 8);
    bytes.putLong(request.id()).putLong(request.epoch()).putLong(command.deadlineNanos());
    put(bytes, unit);
    put(bytes, initiator);
    bytes.putLong(command.nexus().isid());
    put(bytes, target);
    bytes.putInt(command.nexus().portalGroupTag());
    bytes.putInt(command.tag()).put(code(command.attribute()));
    put(bytes, cdb);
    bytes.putLong(command.expectedDataIn());
    return withData(bytes, command.dataOut());
  }

  static byte code(TaskAttribute attribute) {
    return switch (attribute) {
      case SIMPLE -> 0;
      case ORDERED -> 1;
      case HEAD_OF_QUEUE -> 2;
      case ACA -> 3;
    };
  }

  /** Adds the bytes of a reply; what is off the heap is sent from where it is. */
  static void encodeTo(Frame.Reply reply, Outgoing out) {
    Response response = reply.response();
    ByteBuffer data = response.dataIn();
    if (data.isDirect()) {
      ByteBuffer bytes = head(reply);
      setLength(bytes, data.remaining());
      out.add(whole(bytes)).add(data).whenSent(response.used());
    } else {
      out.add(reply(reply));
    }
  }

  private static ByteString reply(Frame.Reply reply) {
    return withData(head(reply), reply.response().dataIn());
  }

  private static ByteBuffer head(Frame.Reply reply) {
    Response response = reply.response();
    byte[] sense = response.sense();
    ByteBuffer bytes = begin(REPLY, 8 + 1 + 8 + 2 + sense.length);
    bytes.putLong(reply.id()).put((byte) response.status().code());
    bytes.putLong(response.dataOutWanted());
    put(bytes, sense);
    return bytes;
  }

  private static ByteBuffer begin(byte type, int fields) {
    if (fields > MAX_FIELDS) {
      throw new IllegalArgumentException("a frame's fields have " + fields + " bytes");
    }
    return ByteBuffer.allocate(4 + 1 + fields).putInt(1 + fields).put(type);
  }

  private static ByteString whole(ByteBuffer bytes) {
    return ByteString.fromArrayUnsafe(bytes.array(), bytes.arrayOffset(), bytes.capacity());
  }

  private static ByteString withData(ByteBuffer bytes, ByteBuffer data) {
    int length = data.remaining();
    setLength(bytes, length);
    if (length == 0) {
      return whole(bytes);
    }
    ByteString content =
        data.hasArray()
            ? ByteString.fromArrayUnsafe(data.array(), data.arrayOffset() + data.position(), length)
            : ByteString.fromByteBuffer(data.duplicate());
    return whole(bytes).concat(content);
  }

  private static void setLength(ByteBuffer bytes, int data) {
    bytes.putInt(0, bytes.capacity() - 4 + data);
  }

  private static void put(ByteBuffer bytes, byte[] field) {
    bytes.putShort((short) field.length).put(field);
  }

  private static void put(ByteBuffer bytes, UUID uuid) {
    bytes.putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
  }
}
