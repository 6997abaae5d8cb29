package io.moongate.management;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The JSON object of a request's body, read field by field so that each refusal names the field. A
 * field that is null is one that is absent; one that is unknown or occurs twice is refused.
 */
final class RequestBody {
  private static final ObjectReader READER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .readerFor(JsonNode.class);

  private final JsonNode object;

  private RequestBody(JsonNode object) {
    this.object = object;
  }

  /** Reads a body that may hold these fields and no others. */
  static RequestBody read(byte[] body, String... fields) {
    JsonNode node;
    try {
      node = READER.readValue(body);
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      throw new ProblemException(
          ProblemType.MALFORMED_REQUEST,
          "The body is not JSON"
              + (at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr())
              + ": "
              + e.getOriginalMessage());
    } catch (IOException e) {
      throw new ProblemException(ProblemType.MALFORMED_REQUEST, "The body is not JSON in UTF-8");
    }
    if (node == null || !node.isObject()) {
      throw new ProblemException(ProblemType.MALFORMED_REQUEST, "The body must be a JSON object");
    }
    Set<String> known = Set.of(fields);
    for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!known.contains(name)) {
        throw ProblemException.invalid(
            name, "There is no field " + name + "; known are " + new TreeSet<>(known));
      }
    }
    return new RequestBody(node);
  }

  /** A text that must be there. */
  String text(String field) {
    return optionalText(field).orElseThrow(() -> missing(field));
  }

  Optional<String> optionalText(String field) {
    return value(field).map(value -> textOf(field, value));
  }

  /** A whole number that must be there. */
  long whole(String field, long least, long most) {
    return optionalWhole(field, least, most).orElseThrow(() -> missing(field));
  }

  Optional<Long> optionalWhole(String field, long least, long most) {
    return value(field)
        .map(
            value -> {
              if (!value.isIntegralNumber()
                  || !value.canConvertToLong()
                  || value.longValue() < least
                  || value.longValue() > most) {
                throw ProblemException.invalid(
                    field,
                    field
                        + " must be a whole number from "
                        + least
                        + " to "
                        + most
                        + ", and is "
                        + excerpt(value));
              }
              return value.longValue();
            });
  }

  /** A list of different texts; empty when it is absent. */
  List<String> texts(String field, int most) {
    Optional<JsonNode> given = value(field);
    if (given.isEmpty()) {
      return List.of();
    }
    JsonNode array = given.get();
    if (!array.isArray()) {
      throw ProblemException.invalid(
          field, field + " must be a list of strings, and is " + excerpt(array));
    }
    if (array.size() > most) {
      throw ProblemException.invalid(
          field, field + " has " + array.size() + " elements; at most " + most + " are allowed");
    }
    List<String> texts = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      String element = field + "[" + i + "]";
      String text = textOf(element, array.get(i));
      if (texts.contains(text)) {
        throw ProblemException.invalid(element, element + " repeats " + text);
      }
      texts.add(text);
    }
    return texts;
  }

  private Optional<JsonNode> value(String field) {
    return Optional.ofNullable(object.get(field)).filter(value -> !value.isNull());
  }

  private static String textOf(String field, JsonNode value) {
    if (!value.isTextual()) {
      throw ProblemException.invalid(field, field + " must be a string, and is " + excerpt(value));
    }
    if (value.textValue().isBlank()) {
      throw ProblemException.invalid(field, field + " must not be empty");
    }
    return value.textValue();
  }

  private static ProblemException missing(String field) {
    return ProblemException.invalid(field, field + " is required");
  }

  private static String excerpt(JsonNode value) {
    String text = value.toString();
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }
}
