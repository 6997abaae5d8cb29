package io.moongate.management;

import io.moongate.cluster.Expected;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * Entity tags (RFC 9110 section 8.8.3), and what requests say of them.
 *
 * <p>The tag of one gateway, target or logical unit is the version of its entity, a dot, and a
 * digest of the answer. By the whole of it {@code If-None-Match} tells whether an answer is still
 * the same; {@code If-Match} goes by the version alone, for a load or an observation that is
 * another now is nobody's change. Everything else is tagged by the digest alone.
 */
final class Tags {
  private static final Pattern TAG =
      Pattern.compile("\\G[ \\t]*(W/)?\"([\\x21\\x23-\\x7e\\x80-\\xff]*)\"[ \\t]*(,|$)");
  private static final Pattern OF_ENTITY = Pattern.compile("(\\d{1,18})\\.[0-9a-f]{16}");
  private static final int DIGEST_BYTES = 8;
  private static final String IF_MATCH = "If-Match";
  private static final String IF_NONE_MATCH = "If-None-Match";

  private Tags() {}

  /** A tag as a header has it. */
  private record Tag(boolean weak, String opaque) {}

  /**
   * The tag of an answer.
   *
   * @param version of the entity that it is about; empty when it is about no single one
   */
  static String of(OptionalLong version, byte[] answer) {
    String digest;
    try {
      byte[] whole = MessageDigest.getInstance("SHA-256").digest(answer);
      digest = HexFormat.of().formatHex(whole, 0, DIGEST_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    return version.isPresent() ? version.getAsLong() + "." + digest : digest;
  }

  /** Whether the client has an answer of this tag already (section 13.1.2). */
  static boolean isHeld(HttpRequest request, String tag) {
    Optional<String> header = value(request, IF_NONE_MATCH);
    return header.isPresent() && (isAny(header.get()) || names(IF_NONE_MATCH, header.get(), tag));
  }

  /**
   * Refuses to read what is not of the tag that the client wants (section 13.1.1).
   *
   * @throws ProblemException with {@link ProblemType#PRECONDITION_FAILED}
   */
  static void requireWanted(HttpRequest request, String tag) {
    Optional<String> header = value(request, IF_MATCH);
    if (header.isPresent() && !isAny(header.get()) && !names(IF_MATCH, header.get(), tag)) {
      throw failed("It is of another tag now");
    }
  }

  private static boolean names(String name, String header, String tag) {
    return tags(name, header).stream().anyMatch(each -> each.opaque().equals(tag));
  }

  /**
   * What the client of a change expects of the entity that it changes; empty when it says nothing,
   * or no more than that there is one.
   *
   * @throws ProblemException when it says so of what has no such tag, or names none that an entity
   *     can have
   */
  static Optional<Expected> expected(HttpRequest request) {
    if (value(request, IF_NONE_MATCH).isPresent()) {
      throw ProblemException.invalid(IF_NONE_MATCH, "If-None-Match is only for reading");
    }
    Optional<String> header = value(request, IF_MATCH);
    if (header.isEmpty()) {
      return Optional.empty();
    }
    String entityId = entityId(request);
    if (isAny(header.get())) {
      return Optional.empty();
    }
    List<Long> versions = new ArrayList<>();
    for (Tag tag : tags(IF_MATCH, header.get())) {
      Matcher ofEntity = OF_ENTITY.matcher(tag.opaque());
      if (!tag.weak() && ofEntity.matches()) {
        versions.add(Long.parseLong(ofEntity.group(1)));
      }
    }
    if (versions.isEmpty()) {
      throw failed("If-Match names no tag that it could have: read it again");
    }
    return Optional.of(new Expected(entityId, versions));
  }

  /** The entity below whose path the request is. */
  private static String entityId(HttpRequest request) {
    List<String> path =
        StreamSupport.stream(request.getUri().pathSegments().spliterator(), false).toList();
    String kind = path.size() < 4 || path.get(3).isEmpty() ? "" : path.get(2);
    return switch (kind) {
      case "gateways" -> "gateway|" + path.get(3);
      case "targets" -> "target|" + path.get(3);
      case "luns" -> "unit|" + path.get(3);
      default ->
          throw ProblemException.invalid(
              IF_MATCH, "If-Match is for changes of one gateway, target or logical unit");
    };
  }

  private static Optional<String> value(HttpRequest request, String name) {
    return request.getHeader(name).map(HttpHeader::value);
  }

  private static boolean isAny(String header) {
    return header.strip().equals("*");
  }

  private static List<Tag> tags(String name, String header) {
    List<Tag> tags = new ArrayList<>();
    Matcher tag = TAG.matcher(header);
    int end = 0;
    while (tag.find()) {
      tags.add(new Tag(tag.group(1) != null, tag.group(2)));
      end = tag.end();
    }
    if (tags.isEmpty() || end < header.length()) {
      throw ProblemException.invalid(
          name, name + " must be *, or entity tags in quotes with commas between them");
    }
    return tags;
  }

  private static ProblemException failed(String detail) {
    return new ProblemException(ProblemType.PRECONDITION_FAILED, IF_MATCH, detail);
  }
}
