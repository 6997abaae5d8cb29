package io.moongate.wire;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.util.ByteString;
import org.apache.pekko.util.ByteStringBuilder;

/**
 * The key=value pairs of a logical text data segment, in their order (RFC 7143 section 6.1): UTF-8,
 * each ended by a zero byte.
 */
public record TextKeys(List<Pair> pairs) {
  /** The greatest length of a key in bytes (section 6.1). */
  public static final int MAX_KEY_LENGTH = 63;

  /** The greatest length of a value in bytes where no other is given. */
  public static final int MAX_VALUE_LENGTH = 8192;

  /** The keys that may come many times: an answer to SendTargets repeats them (appendix C). */
  private static final Set<String> REPEATED = Set.of("TargetName", "TargetAddress");

  private static final TextKeys NONE = new TextKeys(List.of());

  /** Makes the list its own. */
  public TextKeys {
    pairs = List.copyOf(pairs);
  }

  /** A key and its value; the value may be empty. */
  public record Pair(String key, String value) {
    /** Refuses what can't be said in the text format. */
    public Pair {
      if (!isKey(key)) {
        throw new IllegalArgumentException("key " + key);
      }
      if (value.indexOf(0) >= 0) {
        throw new IllegalArgumentException("zero byte in the value of " + key);
      }
    }
  }

  /** No pairs. */
  public static TextKeys none() {
    return NONE;
  }

  /** Reads a whole logical text data segment, values of up to {@link #MAX_VALUE_LENGTH}. */
  public static TextKeys parse(ByteString text) {
    return parse(text, MAX_VALUE_LENGTH);
  }

  /**
   * Reads a whole logical text data segment in which no key may come twice (section 6.2).
   *
   * @param maxValueLength in bytes
   * @throws ProtocolException when it is not as section 6.1 says, or a key comes twice
   */
  public static TextKeys parse(ByteString text, int maxValueLength) {
    return parse(text, maxValueLength, Set.of());
  }

  /**
   * Reads what a target answers to SendTargets: TargetName and TargetAddress may come many times.
   *
   * @throws ProtocolException when it is not as section 6.1 says, or another key comes twice
   */
  public static TextKeys parseSendTargets(ByteString text) {
    return parse(text, MAX_VALUE_LENGTH, REPEATED);
  }

  private static TextKeys parse(ByteString text, int maxValueLength, Set<String> repeated) {
    if (text.isEmpty()) {
      return NONE;
    }
    byte[] bytes = text.toArrayUnsafe();
    if (bytes[bytes.length - 1] != 0) {
      throw ProtocolException.text("text does not end with a zero byte");
    }
    List<Pair> pairs = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    int at = 0;
    while (at < bytes.length) {
      int end = indexOf(bytes, (byte) 0, at, bytes.length);
      Pair pair = pair(bytes, at, end, maxValueLength);
      if (!seen.add(pair.key()) && !repeated.contains(pair.key())) {
        throw ProtocolException.text("key " + pair.key() + " comes twice");
      }
      pairs.add(pair);
      at = end + 1;
    }
    return new TextKeys(pairs);
  }

  private static Pair pair(byte[] bytes, int start, int end, int maxValueLength) {
    int equals = indexOf(bytes, (byte) '=', start, end);
    if (equals == end) {
      throw ProtocolException.text("text without '=' at byte " + start);
    }
    int keyLength = equals - start;
    if (keyLength > MAX_KEY_LENGTH) {
      throw ProtocolException.text("key of " + keyLength + " bytes");
    }
    String key = new String(bytes, start, keyLength, StandardCharsets.ISO_8859_1);
    if (!isKey(key)) {
      throw ProtocolException.text("not a key at byte " + start);
    }
    int valueLength = end - equals - 1;
    if (valueLength > maxValueLength) {
      throw ProtocolException.text("value of " + key + " of " + valueLength + " bytes");
    }
    return new Pair(key, utf8(key, bytes, equals + 1, valueLength));
  }

  private static String utf8(String key, byte[] bytes, int start, int length) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, start, length))
          .toString();
    } catch (CharacterCodingException e) {
      throw ProtocolException.text("value of " + key + " is not UTF-8");
    }
  }

  private static int indexOf(byte[] bytes, byte wanted, int from, int to) {
    int at = from;
    while (at < to && bytes[at] != wanted) {
      at++;
    }
    return at;
  }

  /** A standard-label, or one with the {@code X#} prefix of a registered extension key. */
  private static boolean isKey(String key) {
    // A standard label begins with a capital letter, but for the standard's own iSCSIProtocolLevel.
    if (key.isEmpty()
        || key.length() > MAX_KEY_LENGTH
        || !(isCapital(key.charAt(0)) || key.equals("iSCSIProtocolLevel"))) {
      return false;
    }
    for (int i = 1; i < key.length(); i++) {
      char c = key.charAt(i);
      boolean letterOrDigit = isCapital(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      if (!letterOrDigit && ".-+@_".indexOf(c) < 0 && !(c == '#' && i == 1)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isCapital(char c) {
    return c >= 'A' && c <= 'Z';
  }

  /** The value of a key, the first when it comes many times. */
  public Optional<String> value(String key) {
    return pairs.stream().filter(pair -> pair.key().equals(key)).map(Pair::value).findFirst();
  }

  /** Whether there are no pairs. */
  public boolean isEmpty() {
    return pairs.isEmpty();
  }

  /** These pairs and one more behind them. */
  public TextKeys with(String key, String value) {
    List<Pair> more = new ArrayList<>(pairs);
    more.add(new Pair(key, value));
    return new TextKeys(more);
  }

  /** The text of a whole logical text data segment; empty when there are no pairs. */
  public ByteString format() {
    ByteStringBuilder text = ByteString.createBuilder();
    for (Pair pair : pairs) {
      text.putBytes((pair.key() + '=' + pair.value()).getBytes(StandardCharsets.UTF_8));
      text.putByte((byte) 0);
    }
    return text.result();
  }
}
