package io.moongate.cluster.entity;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The chain of digests over an entity's history: SHA-256 (FIPS 180-4) over the digest of the event
 * before, the entity, the place of the event, and the event's bytes as the journal keeps them. So
 * whoever changes, leaves out, adds or swaps events of the past has to change every digest after
 * it. Each part is preceded by its length, so that no two histories are the same bytes.
 */
public final class ChainDigest {
  private ChainDigest() {}

  /**
   * An event as the journal keeps it.
   *
   * @param serializerId the serializer's id, as Pekko numbers them
   * @param serializerManifest what the serializer calls the event
   */
  public record Stored(int serializerId, String serializerManifest, byte[] bytes) {}

  /**
   * The digest of an event.
   *
   * @param before the digest of the event that it was appended to; empty for the first one, and
   *     after an event that has none
   * @param persistenceId of the entity
   * @param position without its digest
   * @return 64 hexadecimal digits
   */
  public static String of(
      String before, String persistenceId, TermReplay.Position position, Stored stored) {
    MessageDigest digest = sha256();
    part(digest, before.getBytes(StandardCharsets.US_ASCII));
    part(digest, persistenceId.getBytes(StandardCharsets.UTF_8));
    digest.update(
        ByteBuffer.allocate(3 * Long.BYTES + Integer.BYTES)
            .putLong(position.term())
            .putLong(position.afterTerm())
            .putLong(position.version())
            .putInt(stored.serializerId())
            .array());
    part(digest, stored.serializerManifest().getBytes(StandardCharsets.UTF_8));
    part(digest, stored.bytes());
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void part(MessageDigest digest, byte[] bytes) {
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
    digest.update(bytes);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java has SHA-256", impossible);
    }
  }
}
