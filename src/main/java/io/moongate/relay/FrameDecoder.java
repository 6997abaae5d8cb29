package io.moongate.relay;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.TaskAttribute;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;
import org.apache.pekko.util.ByteString;

/**
 * Bytes to frames, however they are cut. Data that arrived in one piece is not copied; what arrived
 * in several is put together once. Not thread-safe.
 */
final class FrameDecoder {
  private static final TaskAttribute[] ATTRIBUTES = TaskAttribute.values();
  private static final Status[] STATUSES = new Status[256];

  static {
    for (Status status : Status.values()) {
      STATUSES[status.code()] = status;
    }
  }

  private int maxData;
  private ByteString bytes = ByteString.emptyByteString();

  /**
   * A decoder at the beginning of a connection.
   *
   * @param maxData bytes of data that a frame may have; 0 before the peer has said who it is
   */
  FrameDecoder(int maxData) {
    this.maxData = maxData;
  }

  /** From now on frames may have this much data. */
  void allow(int newMaxData) {
    maxData = newMaxData;
  }

  /** Takes what arrived. */
  void feed(ByteString chunk) {
    bytes = bytes.isEmpty() ? chunk : bytes.concat(chunk);
  }

  /**
   * The next frame when all of it has arrived.
   *
   * @throws RelayProtocolException when it is none, or too long; nothing after it can be decoded
   */
  Optional<Frame> next() {
    if (bytes.size() < 4) {
      return Optional.empty();
    }
    int length = bytes.take(4).asByteBuffer().getInt();
    if (length < 1 || length > FrameEncoder.MAX_FIELDS + 1 + maxData) {
      throw new RelayProtocolException("a frame of " + (length & 0xFFFFFFFFL) + " bytes");
    }
    if (bytes.size() - 4 < length) {
      return Optional.empty();
    }
    ByteBuffer content = bytes.drop(4).take(length).asByteBuffer();
    bytes = bytes.drop(4 + length);
    try {
      return Optional.of(decode(content));
    } catch (BufferUnderflowException e) {
      throw new RelayProtocolException("a frame ends before its fields do");
    }
  }

  private Frame decode(ByteBuffer content) {
    byte type = content.get();
    Frame frame =
        switch (type) {
          case FrameEncoder.HELLO -> hello(content);
          case FrameEncoder.WELCOME -> new Frame.Welcome(content.getLong());
          case FrameEncoder.REFUSAL -> new Frame.Refusal(reason(content.get()));
          case FrameEncoder.TICK -> new Frame.Tick(content.getLong());
          case FrameEncoder.REQUEST -> request(content);
          case FrameEncoder.REPLY -> reply(content);
          default -> throw new RelayProtocolException("a frame of unknown type " + type);
        };
    if (content.hasRemaining()) {
      throw new RelayProtocolException(content.remaining() + " bytes after a frame's last field");
    }
    return frame;
  }

  private static Frame hello(ByteBuffer content) {
    if (content.getInt() != FrameEncoder.MAGIC) {
      throw new RelayProtocolException("not the relay protocol");
    }
    int version = content.getShort() & 0xFFFF;
    if (version != Frame.VERSION) {
      throw new RelayProtocolException(
          "relay protocol version %d, not %d".formatted(version, Frame.VERSION));
    }
    Sender sender = new Sender(string(content), uuid(content), content.getLong());
    UUID link = uuid(content);
    long connection = content.getLong();
    return new Frame.Hello(sender, link, connection, uuid(content));
  }

  private Frame request(ByteBuffer content) {
    long id = content.getLong();
    long epoch = content.getLong();
    long deadline = content.getLong();
    String unit = string(content);
    String initiator = string(content);
    long isid = content.getLong();
    String target = string(content);
    Nexus nexus = new Nexus(initiator, isid, target, content.getInt());
    int tag = content.getInt();
    TaskAttribute attribute = attribute(content.get());
    byte[] cdb = field(content);
    long expectedDataIn = content.getLong();
    ByteBuffer data = data(content);
    if (id <= 0 || cdb.length == 0 || expectedDataIn < 0) {
      throw new RelayProtocolException("a request with an impossible field");
    }
    return new Frame.Request(
        id, unit, epoch, new Command(nexus, tag, attribute, cdb, data, expectedDataIn, deadline));
  }

  private Frame reply(ByteBuffer content) {
    long id = content.getLong();
    Status status = STATUSES[content.get() & 0xFF];
    if (status == null) {
      throw new RelayProtocolException("a reply with an unknown status");
    }
    long dataOutWanted = content.getLong();
    byte[] sense = field(content);
    return new Frame.Reply(id, new Response(status, sense, data(content), dataOutWanted));
  }

  private ByteBuffer data(ByteBuffer content) {
    if (content.remaining() > maxData) {
      throw new RelayProtocolException(content.remaining() + " bytes of data");
    }
    ByteBuffer data = content.slice();
    content.position(content.limit());
    return data;
  }

  private static String string(ByteBuffer content) {
    return new String(field(content), UTF_8);
  }

  private static byte[] field(ByteBuffer content) {
    int length = content.getShort() & 0xFFFF;
    if (length > content.remaining()) {
      throw new RelayProtocolException("a field longer than its frame");
    }
    byte[] field = new byte[length];
    content.get(field);
    return field;
  }

  private static UUID uuid(ByteBuffer content) {
    return new UUID(content.getLong(), content.getLong());
  }

  private static TaskAttribute attribute(byte code) {
    for (TaskAttribute attribute : ATTRIBUTES) {
      if (FrameEncoder.code(attribute) == code) {
        return attribute;
      }
    }
    throw new RelayProtocolException("a request with an unknown task attribute");
  }

  private static Frame.Refusal.Reason reason(byte code) {
    for (Frame.Refusal.Reason reason : Frame.Refusal.Reason.values()) {
      if (reason.code == code) {
        return reason;
      }
    }
    throw new RelayProtocolException("a refusal with an unknown reason");
  }
}
