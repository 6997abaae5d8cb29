package io.moongate.relay;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.TaskAttribute;
import io.moongate.transport.Landing;
import io.moongate.volume.LentBuffer;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongPredicate;
import org.apache.pekko.util.ByteString;

/**
 * Bytes to frames, however they are cut. Data that arrived in one piece is not copied; what arrived
 * in several is put together once. Long data of a reply is put together off the heap, in memory
 * that is lent, and received there where that is possible. Not thread-safe.
 */
final class FrameDecoder {
  private static final TaskAttribute[] ATTRIBUTES = TaskAttribute.values();
  private static final Status[] STATUSES = new Status[256];

  static {
    for (Status status : Status.values()) {
      STATUSES[status.code()] = status;
    }
  }

  /** Length, type, id, status, data-out wanted and the length of sense data. */
  private static final int REPLY_TO_SENSE = 4 + 1 + 8 + 1 + 8 + 2;

  private final LongPredicate expected;
  private final Landing landing;
  private int maxData;
  private ByteString bytes = ByteString.emptyByteString();

  /** A reply whose data is arriving; null when there is none. */
  private Arriving arriving;

  /** What is known of a reply before its data, and where that goes, from its position on. */
  private record Arriving(Frame.Reply reply, ByteBuffer room) {}

  /**
   * A decoder at the beginning of a connection on which no reply is expected.
   *
   * @param maxData bytes of data that a frame may have; 0 before the peer has said who it is
   */
  FrameDecoder(int maxData) {
    this(maxData, none -> false, new Landing());
  }

  /**
   * A decoder at the beginning of a connection.
   *
   * @param maxData bytes of data that a frame may have; 0 before the peer has said who it is
   * @param expected whether there is a request of that id without a reply: for the data of no other
   *     is there memory before it has come
   * @param landing told where the data of a reply is wanted
   */
  FrameDecoder(int maxData, LongPredicate expected, Landing landing) {
    this.maxData = maxData;
    this.expected = expected;
    this.landing = landing;
  }

  /** From now on frames may have this much data. */
  void allow(int newMaxData) {
    maxData = newMaxData;
  }

  /** Takes what arrived. */
  void feed(ByteString chunk) {
    landing.came(chunk.size());
    ByteString rest = arriving == null ? chunk : fill(chunk);
    bytes = bytes.isEmpty() ? rest : bytes.concat(rest);
  }

  /** Puts the first of these bytes where data is wanted. */
  private ByteString fill(ByteString chunk) {
    return chunk.drop(chunk.copyToBuffer(arriving.room));
  }

  /**
   * The next frame when all of it has arrived.
   *
   * @throws RelayProtocolException when it is none, or too long; nothing after it can be decoded
   */
  Optional<Frame> next() {
    if (arriving != null) {
      return arrived();
    }
    if (bytes.size() < 4) {
      return Optional.empty();
    }
    int length = bytes.take(4).asByteBuffer().getInt();
    if (length < 1 || length > FrameEncoder.MAX_FIELDS + 1 + maxData) {
      throw new RelayProtocolException("a frame of " + (length & 0xFFFFFFFFL) + " bytes");
    }
    if (bytes.size() - 4 < length) {
      arrive(length);
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

  /** The reply whose data was arriving. */
  private Optional<Frame> arrived() {
    if (arriving.room.hasRemaining()) {
      return Optional.empty();
    }
    Frame reply = arriving.reply;
    arriving = null;
    landing.done();
    return Optional.of(reply);
  }

  /** Makes room for the data of a reply of which enough has come to know how much that is. */
  private void arrive(int length) {
    if (length < LentBuffer.SHORTEST
        || bytes.size() < REPLY_TO_SENSE
        || bytes.apply(4) != FrameEncoder.REPLY) {
      return;
    }
    ByteBuffer content = bytes.take(REPLY_TO_SENSE + FrameEncoder.MAX_FIELDS).asByteBuffer();
    int sense = content.getShort(REPLY_TO_SENSE - 2) & 0xFFFF;
    int head = REPLY_TO_SENSE + sense;
    int data = 4 + length - head;
    long id = content.getLong(5);
    if (content.remaining() < head
        || data < LentBuffer.SHORTEST
        || data > Math.min(maxData, LentBuffer.LONGEST)
        || !expected.test(id)) {
      return;
    }
    Response withoutData = response(content.position(5 + 8).limit(head));
    LentBuffer lent = LentBuffer.of(data);
    ByteBuffer room = lent.bytes().duplicate();
    Response response =
        new Response(
            withoutData.status(),
            withoutData.sense(),
            lent.bytes(),
            withoutData.dataOutWanted(),
            lent::giveBack);
    arriving = new Arriving(new Frame.Reply(id, response), room);
    ByteString begun = bytes.drop(head);
    bytes = ByteString.emptyByteString();
    fill(begun);
    if (room.isDirect()) {
      landing.at(room);
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
          case FrameEncoder.REPLY -> new Frame.Reply(content.getLong(), response(content));
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

  private Response response(ByteBuffer content) {
    Status status = STATUSES[content.get() & 0xFF];
    if (status == null) {
      throw new RelayProtocolException("a reply with an unknown status");
    }
    long dataOutWanted = content.getLong();
    byte[] sense = field(content);
    return new Response(status, sense, data(content), dataOutWanted);
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
