package io.moongate.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextKeysTest {
  private static final String LONGEST_KEY = "K" + "k".repeat(62);

  private static ByteString text(String text) {
    return ByteString.fromString(text.replace('|', '\0'));
  }

  private static void assertRefused(ByteString text) {
    ProtocolException error = assertThrows(ProtocolException.class, () -> TextKeys.parse(text));
    assertEquals(Optional.of(RejectReason.PROTOCOL_ERROR), error.reason());
    assertTrue(error.header().isEmpty());
  }

  @Test
  void pairsKeepTheirOrder() {
    TextKeys keys =
        TextKeys.parse(
            text("InitiatorName=iqn.2003-01.org.example:h|TargetAlias=|X-a.b_c@d+e-1=a=b,c|"));
    assertEquals(
        List.of(
            new TextKeys.Pair("InitiatorName", "iqn.2003-01.org.example:h"),
            new TextKeys.Pair("TargetAlias", ""),
            new TextKeys.Pair("X-a.b_c@d+e-1", "a=b,c")),
        keys.pairs());
    assertEquals(Optional.of(""), keys.value("TargetAlias"));
    assertEquals(Optional.empty(), keys.value("targetalias"));
  }

  @Test
  void noTextIsNoPairs() {
    assertTrue(TextKeys.parse(ByteString.emptyByteString()).isEmpty());
    assertTrue(TextKeys.none().format().isEmpty());
  }

  @Test
  void valuesAreUtf8() {
    TextKeys keys = TextKeys.none().with("TargetAlias", "Speicher für 月");
    assertEquals(keys, TextKeys.parse(keys.format()));
    assertRefused(text("TargetAlias=").concat(Bytes.hex("c3 28 00")));
  }

  @Test
  void formatEndsEachPairWithAZeroByte() {
    assertEquals(
        text("HeaderDigest=None|MaxBurstLength=262144|"),
        TextKeys.none().with("HeaderDigest", "None").with("MaxBurstLength", "262144").format());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HeaderDigest=None",
        "HeaderDigest|",
        "=None|",
        "|",
        "HeaderDigest=None||",
        "headerDigest=None|",
        "1Key=a|",
        "Header Digest=None|",
        "Héader=None|",
        "Ke#y=None|",
        "HeaderDigest=None|DataDigest=None|HeaderDigest=CRC32C|",
        "TargetAddress=a|TargetAddress=b|"
      })
  void whatTheStandardDoesNotAllow(String text) {
    assertRefused(text(text));
  }

  @Test
  void limits() {
    assertEquals(1, TextKeys.parse(text(LONGEST_KEY + "=v|")).pairs().size());
    assertRefused(text(LONGEST_KEY + "k=v|"));
    assertEquals(
        8192, TextKeys.parse(text("K=" + "v".repeat(8192) + "|")).value("K").get().length());
    assertRefused(text("K=" + "v".repeat(8193) + "|"));
    ByteString long64k = text("K=" + "v".repeat(60_000) + "|");
    assertEquals(1, TextKeys.parse(long64k, 65_535).pairs().size());
  }

  @Test
  void registeredExtensionKeysAreKeys() {
    assertEquals(
        Optional.of("a"),
        TextKeys.parse(text("X#NodeArchitecture=a|")).value("X#NodeArchitecture"));
  }

  @Test
  void aSendTargetsAnswerRepeatsItsKeys() {
    TextKeys keys =
        TextKeys.parseSendTargets(
            text("TargetName=a|TargetAddress=x,1|TargetAddress=y,2|TargetName=b|"));
    assertEquals(4, keys.pairs().size());
    assertEquals(Optional.of("a"), keys.value("TargetName"));
    assertThrows(
        ProtocolException.class,
        () -> TextKeys.parseSendTargets(text("TargetAlias=a|TargetAlias=b|")));
  }

  @Test
  void pairsThatCannotBeSaidAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new TextKeys.Pair("a b", ""));
    assertThrows(IllegalArgumentException.class, () -> new TextKeys.Pair("Key", "a\0b"));
  }

  @Test
  void randomBytesThrowNothingElse() {
    Random random = Bytes.seeded();
    byte[] alphabet = {'A', 'z', '=', '=', 0, 0, ' ', (byte) 0xC3, (byte) 0xA9};
    for (int round = 0; round < 20_000; round++) {
      ByteString text =
          Bytes.filled(random.nextInt(30), i -> alphabet[random.nextInt(alphabet.length)]);
      try {
        TextKeys keys = TextKeys.parse(text);
        assertEquals(text, keys.format());
      } catch (ProtocolException e) {
        assertEquals(Optional.of(RejectReason.PROTOCOL_ERROR), e.reason());
      }
    }
  }

  @Test
  void continuedTextIsOneText() {
    Random random = Bytes.seeded();
    TextKeys keys = TextKeys.none();
    for (int i = 0; i < 200; i++) {
      keys = keys.with("Key" + i, "v".repeat(random.nextInt(200)));
    }
    List<ByteString> segments = LogicalTextDataSegment.split(keys.format(), 512);
    assertTrue(segments.stream().allMatch(segment -> segment.length() <= 512));
    LogicalTextDataSegment text = new LogicalTextDataSegment();
    segments.forEach(text::add);
    assertEquals(keys.format().length(), text.length());
    assertEquals(keys, TextKeys.parse(text.take()));
    assertEquals(0, text.length());
    assertEquals(List.of(ByteString.emptyByteString()), emptySplit());
  }

  private static List<ByteString> emptySplit() {
    return LogicalTextDataSegment.split(ByteString.emptyByteString(), 512);
  }

  @Test
  void continuedTextIsBounded() {
    LogicalTextDataSegment text = new LogicalTextDataSegment();
    ByteString part = ByteString.fromArray(new byte[8192]);
    for (int i = 0; i < 8; i++) {
      text.add(part);
    }
    assertEquals(LogicalTextDataSegment.MAX_LENGTH, text.length());
    assertThrows(ProtocolException.class, () -> text.add(ByteString.fromArray(new byte[1])));
    assertEquals(0, text.length());
  }
}
