package io.moongate.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.pekko.util.ByteString;
import org.apache.pekko.util.ByteStringBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is encoded decodes to the same, whatever the kind, the digests and the chunks. */
class PduRoundTripTest {
  private static final int MAX_DATA_LENGTH = 70_000;

  static List<Class<?>> kinds() {
    return PduSamples.kinds();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void everyKindDecodesToWhatWasEncoded(Class<?> kind) {
    Random random = Bytes.seeded();
    for (int round = 0; round < 60; round++) {
      // Login PDUs carry no digests; see loginPdusCarryNoDigests.
      boolean login =
          kind == InitiatorPdu.LoginRequest.class || kind == TargetPdu.LoginResponse.class;
      DigestSettings digests =
          Bytes.digests(!login && random.nextBoolean(), !login && random.nextBoolean());
      Pdu pdu = PduSamples.random(kind, MAX_DATA_LENGTH, random);
      ByteString bytes = new PduEncoder(digests).encode(pdu);
      assertEquals(0, bytes.length() % 4);
      PduDecoder decoder = new PduDecoder(digests);
      decoder.maxDataSegmentLength(MAX_DATA_LENGTH);
      List<Pdu> decoded = feed(decoder, bytes, random);
      assertEquals(List.of(pdu), decoded);
      assertEquals(0, decoder.bufferedBytes());
    }
  }

  @Test
  void aStreamOfAllKindsInAnyChunks() {
    Random random = Bytes.seeded();
    for (int round = 0; round < 40; round++) {
      DigestSettings digests = Bytes.digests(random.nextBoolean(), random.nextBoolean());
      PduEncoder encoder = new PduEncoder(digests);
      List<Pdu> sent = new ArrayList<>();
      ByteString stream = ByteString.emptyByteString();
      ByteStringBuilder gathered = ByteString.createBuilder();
      for (int i = 0; i < 50; i++) {
        Class<?> kind = kinds().get(random.nextInt(kinds().size()));
        if (kind == InitiatorPdu.LoginRequest.class || kind == TargetPdu.LoginResponse.class) {
          continue;
        }
        Pdu pdu = PduSamples.random(kind, 9_000, random);
        sent.add(pdu);
        stream = stream.concat(encoder.encode(pdu));
        encoder.encodeTo(pdu, gathered);
      }
      assertEquals(stream, gathered.result());
      PduDecoder decoder = new PduDecoder(digests);
      decoder.maxDataSegmentLength(9_000);
      assertEquals(sent, feed(decoder, stream, random));
      assertEquals(0, decoder.bufferedBytes());
    }
  }

  @Test
  void oneByteAtATime() {
    Random random = Bytes.seeded();
    DigestSettings digests = Bytes.digests(true, true);
    Pdu first = PduSamples.random(InitiatorPdu.ScsiCommand.class, 5_000, random);
    Pdu second = PduSamples.random(InitiatorPdu.DataOut.class, 5_000, random);
    PduEncoder encoder = new PduEncoder(digests);
    ByteString stream = encoder.encode(first).concat(encoder.encode(second));
    PduDecoder decoder = new PduDecoder(digests);
    List<Pdu> decoded = new ArrayList<>();
    for (byte b : stream.toArray()) {
      decoder.feed(ByteString.fromArray(new byte[] {b}));
      drain(decoder, decoded);
    }
    assertEquals(List.of(first, second), decoded);
  }

  @Test
  void aPduIsHeldBackUntilItsLastByte() {
    Random random = Bytes.seeded();
    DigestSettings digests = Bytes.digests(true, true);
    Pdu pdu = PduSamples.random(InitiatorPdu.DataOut.class, 3_000, random);
    ByteString bytes = new PduEncoder(digests).encode(pdu);
    for (int cut = 0; cut < bytes.length(); cut++) {
      PduDecoder decoder = new PduDecoder(digests);
      decoder.feed(bytes.take(cut));
      assertNull(decoder.next());
      assertNull(decoder.next());
      decoder.feed(bytes.drop(cut));
      assertEquals(pdu, decoder.next());
      assertNull(decoder.next());
    }
  }

  @Test
  void decodedDataDoesNotChangeWhenMoreArrives() {
    // Small chunks are gathered in one array, of which earlier data segments are slices.
    PduDecoder decoder = new PduDecoder(Bytes.digests(false, false));
    Random random = Bytes.seeded();
    PduEncoder encoder = new PduEncoder(Bytes.digests(false, false));
    List<Pdu> sent = new ArrayList<>();
    List<Pdu> decoded = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      Pdu pdu = PduSamples.random(InitiatorPdu.NopOut.class, 100, random);
      sent.add(pdu);
      ByteString bytes = encoder.encode(pdu);
      int cut = random.nextInt(bytes.length());
      decoder.feed(bytes.take(cut).compact());
      drain(decoder, decoded);
      decoder.feed(bytes.drop(cut).compact());
      if (random.nextBoolean()) {
        drain(decoder, decoded);
      }
    }
    drain(decoder, decoded);
    assertEquals(sent, decoded);
  }

  @Test
  void longDataIsSharedAndNotCopied() {
    byte[] sent = new byte[4000];
    Pdu pdu = new InitiatorPdu.DataOut(true, 0, 1, -1, 0, 0, 0, ByteString.fromArrayUnsafe(sent));
    ByteString encoded = new PduEncoder(Bytes.digests(false, false)).encode(pdu);
    byte[] received = encoded.toArray();
    sent[1234] = 1;
    assertEquals(ByteString.fromArray(sent), encoded.drop(48));

    PduDecoder decoder = new PduDecoder(Bytes.digests(false, false));
    decoder.feed(ByteString.fromArrayUnsafe(received));
    ByteString whole = decoder.next().data();
    byte[] first = ByteString.fromArray(received, 0, 2000).toArray();
    byte[] second = ByteString.fromArray(received, 2000, 2048).toArray();
    decoder.feed(ByteString.fromArrayUnsafe(first));
    decoder.feed(ByteString.fromArrayUnsafe(second));
    ByteString pieces = decoder.next().data();
    received[48 + 1234] = 1;
    first[48 + 1234] = 1;
    second[10] = 2;
    assertEquals(ByteString.fromArray(sent), whole);
    sent[2000 - 48 + 10] = 2;
    assertEquals(ByteString.fromArray(sent), pieces);
  }

  @Test
  void loginPdusCarryNoDigests() {
    Random random = Bytes.seeded();
    Pdu response = PduSamples.random(TargetPdu.LoginResponse.class, 200, random);
    assertEquals(
        new PduEncoder(Bytes.digests(false, false)).encode(response),
        new PduEncoder(Bytes.digests(true, true)).encode(response));
  }

  @Test
  void digestsTakeEffectWithTheNextPdu() {
    DigestSettings digests = Bytes.digests(false, false);
    PduEncoder encoder = new PduEncoder(digests);
    PduDecoder decoder = new PduDecoder(digests);
    Random random = Bytes.seeded();
    Pdu login = PduSamples.random(InitiatorPdu.LoginRequest.class, 200, random);
    Pdu command = PduSamples.random(InitiatorPdu.ScsiCommand.class, 200, random);
    decoder.feed(encoder.encode(login));
    assertEquals(login, decoder.next());
    assertNull(decoder.next());
    digests.set(true, true);
    decoder.feed(encoder.encode(command));
    assertEquals(command, decoder.next());
  }

  @Test
  void basicHeaderIsTheFirst48Bytes() {
    Random random = Bytes.seeded();
    for (Class<?> kind : kinds()) {
      Pdu pdu = PduSamples.random(kind, 900, random);
      assertEquals(
          new PduEncoder(Bytes.digests(true, true)).encode(pdu).take(48),
          PduEncoder.basicHeader(pdu));
    }
  }

  @Test
  void aShortCdbIsPaddedAndALongOneRefused() {
    Random random = Bytes.seeded();
    PduEncoder encoder = new PduEncoder(Bytes.digests(false, false));
    PduDecoder decoder = new PduDecoder(Bytes.digests(false, false));
    decoder.feed(encoder.encode(command(Bytes.hex("12 00 00 00 24 00"))));
    InitiatorPdu.ScsiCommand decoded = (InitiatorPdu.ScsiCommand) decoder.next();
    assertEquals(Bytes.hex("12 00 00 00 24 00" + "00".repeat(10)), decoded.cdb());
    assertThrows(
        IllegalArgumentException.class, () -> encoder.encode(command(Bytes.random(261, random))));
  }

  @Test
  void valuesThatDoNotFitTheirFieldAreRefused() {
    PduEncoder encoder = new PduEncoder(Bytes.digests(false, false));
    ByteString none = ByteString.emptyByteString();
    List<Pdu> bad =
        List.of(
            new InitiatorPdu.DataOut(true, 0, 0, 0, 0, 0, 1L << 32, none),
            new InitiatorPdu.DataOut(true, 0, 0, 0, 0, 0, -1, none),
            new TargetPdu.LoginResponse(true, false, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, none),
            new TargetPdu.LoginResponse(
                true, false, 1, 3, 0, 0, 1L << 48, 0, 0, 0, 0, 0, 0, 0, none),
            new TargetPdu.Reject(256, 0, 0, 0, 0, none),
            new InitiatorPdu.NopOut(
                true, 0, 0, 0, 0, 0, ByteString.fromArrayUnsafe(new byte[1 << 24])));
    for (Pdu pdu : bad) {
      assertThrows(IllegalArgumentException.class, () -> encoder.encode(pdu));
    }
  }

  private static InitiatorPdu.ScsiCommand command(ByteString cdb) {
    return new InitiatorPdu.ScsiCommand(
        false, true, true, false, 1, 0, 7, 36, 1, 1, cdb, 0, ByteString.emptyByteString());
  }

  private static List<Pdu> feed(PduDecoder decoder, ByteString bytes, Random random) {
    List<Pdu> decoded = new ArrayList<>();
    int magnitude = 1 + random.nextInt(17);
    ByteString rest = bytes;
    while (!rest.isEmpty()) {
      int step = Math.min(rest.length(), 1 + random.nextInt(1 << magnitude));
      ByteString chunk = rest.take(step);
      decoder.feed(random.nextBoolean() ? chunk.compact() : chunk);
      rest = rest.drop(step);
      if (random.nextInt(4) > 0) {
        drain(decoder, decoded);
      }
    }
    drain(decoder, decoded);
    return decoded;
  }

  private static void drain(PduDecoder decoder, List<Pdu> decoded) {
    for (Pdu pdu = decoder.next(); pdu != null; pdu = decoder.next()) {
      decoded.add(pdu);
    }
  }
}
