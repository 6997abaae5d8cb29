package io.moongate.relay;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.TaskAttribute;
import io.moongate.transport.Landing;
import io.moongate.volume.LentBuffer;
import io.moongate.volume.LentMemory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

class FrameTest {
  private static final int MAX_DATA = 1 << 20;

  private static List<Frame> samples(Random random) {
    UUID uuid = new UUID(random.nextLong(), random.nextLong());
    List<Frame> samples = new ArrayList<>();
    samples.add(
        new Frame.Hello(new Sender("gate-ä", uuid, 5), UUID.randomUUID(), 7, UUID.randomUUID()));
    samples.add(new Frame.Welcome(random.nextLong()));
    samples.add(new Frame.Tick(random.nextLong()));
    for (Frame.Refusal.Reason reason : Frame.Refusal.Reason.values()) {
      samples.add(new Frame.Refusal(reason));
    }
    for (TaskAttribute attribute : TaskAttribute.values()) {
      samples.add(request(random, attribute, random.nextInt(3) * random.nextInt(60_000)));
    }
    for (Status status : Status.values()) {
      byte[] sense = new byte[random.nextInt(253)];
      random.nextBytes(sense);
      ByteBuffer data = data(random, random.nextInt(3) * random.nextInt(60_000));
      samples.add(
          new Frame.Reply(random.nextLong(), new Response(status, sense, data, random.nextInt())));
    }
    return samples;
  }

  private static Frame.Request request(Random random, TaskAttribute attribute, int length) {
    byte[] cdb = new byte[6 + random.nextInt(255)];
    random.nextBytes(cdb);
    Nexus nexus = new Nexus("iqn.1994-05.com.example:host", 0x400001370000L, "iqn.t:é", 65_535);
    return new Frame.Request(
        1 + random.nextInt(Integer.MAX_VALUE),
        "5f2b-unit",
        random.nextLong(),
        new Command(
            nexus,
            random.nextInt(),
            attribute,
            cdb,
            data(random, length),
            random.nextInt(1 << 30),
            random.nextLong()));
  }

  private static ByteBuffer data(Random random, int length) {
    byte[] bytes = new byte[length + 10];
    random.nextBytes(bytes);
    ByteBuffer slice = ByteBuffer.wrap(bytes, 5, length).slice();
    return switch (random.nextInt(3)) {
      case 0 -> slice;
      case 1 -> slice.asReadOnlyBuffer();
      default -> ByteBuffer.allocateDirect(length).put(slice).flip();
    };
  }

  @Test
  void everyKindOfFrameComesBackHoweverItIsCut() {
    long seed = new Random().nextLong();
    System.out.println("FrameTest seed " + seed);
    Random random = new Random(seed);
    Set<Class<?>> kinds = samples(random).stream().map(Frame::getClass).collect(Collectors.toSet());
    assertEquals(Set.of(Frame.class.getPermittedSubclasses()), kinds);
    for (int round = 0; round < 50; round++) {
      List<ByteString> encoded = samples(random).stream().map(FrameEncoder::encode).toList();
      ByteString all = encoded.stream().reduce(ByteString.emptyByteString(), ByteString::concat);
      FrameDecoder decoder = random.nextBoolean() ? lending() : new FrameDecoder(MAX_DATA);
      List<ByteString> decoded = new ArrayList<>();
      int at = 0;
      while (at < all.size()) {
        int size = 1 + random.nextInt(random.nextBoolean() ? 10 : 100_000);
        decoder.feed(all.drop(at).take(size));
        at += size;
        for (Optional<Frame> f = decoder.next(); f.isPresent(); f = decoder.next()) {
          decoded.add(FrameEncoder.encode(f.get()));
        }
      }
      assertEquals(encoded, decoded, "seed " + seed + " round " + round);
    }
  }

  private static FrameDecoder lending() {
    return new FrameDecoder(MAX_DATA, id -> true, new Landing());
  }

  private static final byte[] SENSE = {0x70, 0, 6};

  private static ByteString reply(byte[] data) {
    return FrameEncoder.encode(
        new Frame.Reply(7, new Response(Status.CHECK_CONDITION, SENSE, ByteBuffer.wrap(data), 99)));
  }

  private static byte[] random(int seed, int length) {
    byte[] data = new byte[length];
    new Random(seed).nextBytes(data);
    return data;
  }

  /** Long data of a reply that did not come as one is put together off the heap, once. */
  @Test
  void longDataOfAReplyIsLent() throws InterruptedException {
    byte[] data = random(5, 3 * LentBuffer.SHORTEST);
    LentMemory.await(data.length);
    ByteString whole = reply(data);
    int head = whole.size() - data.length;
    for (int first = 1; first < whole.size(); first += first < head + 3 ? 1 : 10_007) {
      FrameDecoder decoder = lending();
      decoder.feed(whole.take(first));
      assertEquals(Optional.empty(), decoder.next());
      // Something of the next one with it.
      decoder.feed(whole.drop(first).concat(FrameEncoder.encode(new Frame.Tick(3))));
      Response response = response(decoder.next());
      assertEquals(Status.CHECK_CONDITION, response.status());
      assertArrayEquals(SENSE, response.sense());
      assertEquals(99, response.dataOutWanted());
      assertEquals(first >= head, response.dataIn().isDirect(), "cut at " + first);
      assertEquals(ByteBuffer.wrap(data), response.dataIn());
      response.used().run();
      assertEquals(Optional.of(new Frame.Tick(3)), decoder.next());
      assertEquals(Optional.empty(), decoder.next());
    }
  }

  private static Response response(Optional<Frame> frame) {
    Frame.Reply reply = assertInstanceOf(Frame.Reply.class, frame.orElseThrow());
    assertEquals(7, reply.id());
    return reply.response();
  }

  private static Response inTwo(FrameDecoder decoder, byte[] data) {
    ByteString whole = reply(data);
    decoder.feed(whole.take(100));
    assertEquals(Optional.empty(), decoder.next());
    decoder.feed(whole.drop(100));
    return response(decoder.next());
  }

  @Test
  void lentMemoryIsTheNextOnesOnceItIsUsedAndNotBefore() throws InterruptedException {
    LentMemory.await(LentBuffer.SHORTEST);
    FrameDecoder decoder = lending();
    byte[] one = random(1, LentBuffer.SHORTEST);
    byte[] two = random(2, LentBuffer.SHORTEST);
    byte[] three = random(3, LentBuffer.SHORTEST);
    Response first = inTwo(decoder, one);
    Response second = inTwo(decoder, two);
    assertEquals(ByteBuffer.wrap(one), first.dataIn());
    assertEquals(ByteBuffer.wrap(two), second.dataIn());
    first.used().run();
    Response third = inTwo(decoder, three);
    assertEquals(ByteBuffer.wrap(three), third.dataIn());
    assertEquals(ByteBuffer.wrap(three), first.dataIn(), "the same memory");
    assertEquals(ByteBuffer.wrap(two), second.dataIn());
    second.used().run();
    third.used().run();
  }

  /** Nobody gets memory by saying that he will send something. */
  @Test
  void forWhatIsNotExpectedThereIsNoMemoryBeforeItHasCome() {
    byte[] data = random(4, LentBuffer.SHORTEST);
    for (FrameDecoder decoder :
        List.of(
            new FrameDecoder(MAX_DATA), new FrameDecoder(MAX_DATA, id -> id != 7, new Landing()))) {
      Response response = inTwo(decoder, data);
      assertFalse(response.dataIn().isDirect());
      assertEquals(ByteBuffer.wrap(data), response.dataIn());
    }
  }

  @Test
  void aReplyWhoseHeadIsBrokenIsRefusedBeforeItsDataHasCome() {
    byte[] whole = reply(new byte[2 * LentBuffer.SHORTEST]).toArray();
    whole[13] = (byte) 0xFF; // Status.
    FrameDecoder decoder = lending();
    decoder.feed(ByteString.fromArray(whole, 0, 100));
    assertThrows(RelayProtocolException.class, decoder::next);
  }

  @Test
  void aRequestKeepsEveryField() {
    Frame.Request sent = request(new Random(1), TaskAttribute.ORDERED, 4096);
    FrameDecoder decoder = new FrameDecoder(MAX_DATA);
    decoder.feed(FrameEncoder.encode(sent));
    Frame.Request got = assertInstanceOf(Frame.Request.class, decoder.next().orElseThrow());
    assertEquals(sent.id(), got.id());
    assertEquals(sent.unitId(), got.unitId());
    assertEquals(sent.epoch(), got.epoch());
    assertEquals(sent.command().nexus(), got.command().nexus());
    assertEquals(sent.command().tag(), got.command().tag());
    assertEquals(TaskAttribute.ORDERED, got.command().attribute());
    assertArrayEquals(sent.command().cdb(), got.command().cdb());
    assertEquals(sent.command().dataOut(), got.command().dataOut());
    assertEquals(0, got.command().dataOut().position());
    assertEquals(sent.command().expectedDataIn(), got.command().expectedDataIn());
    assertEquals(sent.command().deadlineNanos(), got.command().deadlineNanos());
  }

  @Test
  void aFrameThatIsTooLongIsRefusedAtItsLength() {
    FrameDecoder stranger = new FrameDecoder(0);
    stranger.feed(FrameEncoder.encode(request(new Random(2), TaskAttribute.SIMPLE, 9000)).take(4));
    assertThrows(RelayProtocolException.class, stranger::next);
    FrameDecoder friend = new FrameDecoder(0);
    friend.allow(9000);
    friend.feed(FrameEncoder.encode(request(new Random(2), TaskAttribute.SIMPLE, 9000)));
    assertTrue(friend.next().isPresent());
    for (int length : new int[] {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      FrameDecoder decoder = new FrameDecoder(MAX_DATA);
      decoder.feed(ByteString.fromArray(ByteBuffer.allocate(4).putInt(length).array()));
      assertThrows(RelayProtocolException.class, decoder::next);
    }
  }

  @Test
  void anotherVersionIsRefused() {
    ByteString hello =
        FrameEncoder.encode(
            new Frame.Hello(
                new Sender("g", UUID.randomUUID(), 1), UUID.randomUUID(), 1, UUID.randomUUID()));
    byte[] bytes = hello.toArray();
    bytes[10] = 99;
    FrameDecoder decoder = new FrameDecoder(0);
    decoder.feed(ByteString.fromArray(bytes));
    RelayProtocolException refusal = assertThrows(RelayProtocolException.class, decoder::next);
    assertTrue(refusal.getMessage().contains("version 99"), refusal.getMessage());
  }

  @Test
  void damagedFramesAreRefusedAndNothingElseHappens() {
    long seed = new Random().nextLong();
    System.out.println("FrameTest seed " + seed);
    Random random = new Random(seed);
    List<Frame> samples = samples(random);
    for (int round = 0; round < 5_000; round++) {
      byte[] bytes = FrameEncoder.encode(samples.get(random.nextInt(samples.size()))).toArray();
      for (int i = random.nextInt(4); i >= 0; i--) {
        bytes[random.nextInt(Math.min(bytes.length, 80))] ^= (byte) (1 << random.nextInt(8));
      }
      FrameDecoder decoder = lending();
      int cut = random.nextInt(bytes.length);
      try {
        decoder.feed(ByteString.fromArray(bytes, 0, cut));
        decoder.next();
        decoder.feed(ByteString.fromArray(bytes, cut, bytes.length - cut));
        decoder.next();
      } catch (RelayProtocolException expected) {
        assertTrue(expected.getMessage().length() > 5);
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed + " round " + round, e);
      }
    }
  }
}
