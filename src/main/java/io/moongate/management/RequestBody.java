package io.moongate.management;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
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
import java.util.function.Function;

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

  /** What stands before the name of a field of this object when a refusal names it. */
  private final String path;

  private RequestBody(JsonNode object, String path) {
    this.object = object;
    this.path = path;
  }

  /** Reads a body that may hold these fields and no others. */
  static RequestBody read(byte[] body, String... fields) {
    return read(body, RequestBody::syntax, fields);
  }

  /** What the parser says of the text; what binds it says more of its own inside. */
  private static String syntax(JsonProcessingException malformed) {
    return malformed instanceof JsonMappingException
        ? "there is more after its end"
        : malformed.getOriginalMessage();
  }

  /** The same for a body with a secret: nothing of it is quoted when it is not JSON. */
  static RequestBody readSecret(byte[] body, String... fields) {
    return read(body, malformed -> "nothing of it is repeated here: it may be secret", fields);
  }

  private static RequestBody read(
      byte[] body, Function<JsonProcessingException, String> reason, String... fields) {
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
              + reason.apply(e));
    } catch (IOException e) {
      throw new ProblemException(ProblemType.MALFORMED_REQUEST, "The body is not JSON in UTF-8");
    }
    if (node == null || !node.isObject()) {
      throw new ProblemException(ProblemType.MALFORMED_REQUEST, "The body must be a JSON object");
    }
    return of(node, "", fields);
  }

  private static RequestBody of(JsonNode node, String path, String... fields) {
    Set<String> known = Set.of(fields);
    for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!known.contains(name)) {
        throw ProblemException.invalid(
            path + name,
            "There is no field " + path + name + "; known are " + new TreeSet<>(known));
      }
    }
    return new RequestBody(node, path);
  }

  /** An object within, which may hold these fields and no others. Nothing of it is quoted. */
  Optional<RequestBody> object(String field, String... fields) {
    return value(field).map(value -> objectOf(path + field, value, fields));
  }

  /** A list of objects within. */
  Optional<List<RequestBody>> objects(String field, int most, String... fields) {
    return value(field)
        .map(
            array -> {
              requireArray(path + field, array, most, "objects");
              List<RequestBody> objects = new ArrayList<>(array.size());
              for (int i = 0; i < array.size(); i++) {
                objects.add(objectOf(path + field + "[" + i + "]", array.get(i), fields));
              }
              return objects;
            });
  }

  private static RequestBody objectOf(String field, JsonNode value, String... fields) {
    if (!value.isObject()) {
      throw ProblemException.invalid(field, field + " must be an object");
    }
    return of(value, field + ".", fields);
  }

  /** A secret; what is wrong with it is said without quoting it. */
  Optional<String> optionalSecret(String field) {
    return value(field)
        .map(
            value -> {
              if (!value.isTextual()) {
                throw ProblemException.invalid(path + field, path + field + " must be a string");
              }
              return value.textValue();
            });
  }

  /** Whether a field is there. */
  boolean has(String field) {
    return value(field).isPresent();
  }

  /** A text that must be there. */
  String text(String field) {
    return optionalText(field).orElseThrow(() -> missing(path + field));
  }

  Optional<String> optionalText(String field) {
    return value(field).map(value -> textOf(path + field, value));
  }

  /** True or false, which must be there. */
  boolean flag(String field) {
    return optionalFlag(field).orElseThrow(() -> missing(path + field));
  }

  Optional<Boolean> optionalFlag(String field) {
    return value(field)
        .map(
            value -> {
              if (!value.isBoolean()) {
                throw ProblemException.invalid(
                    path + field,
                    path + field + " must be true or false, and is " + excerpt(value));
              }
              return value.booleanValue();
            });
  }

  /** A whole number that must be there. */
  long whole(String field, long least, long most) {
    return optionalWhole(field, least, most).orElseThrow(() -> missing(path + field));
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
                    path + field,
                    path
                        + field
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
    requireArray(field, array, most, "strings");
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

  private static void requireArray(String field, JsonNode array, int most, String of) {
    if (!array.isArray()) {
      throw ProblemException.invalid(
          field, field + " must be a list of " + of + ", and is " + excerpt(array));
    }
    if (array.size() > most) {
      throw ProblemException.invalid(
          field, field + " has " + array.size() + " elements; at most " + most + " are allowed");
    }
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
