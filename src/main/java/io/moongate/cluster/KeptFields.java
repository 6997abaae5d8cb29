package io.moongate.cluster;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.deser.DeserializationProblemHandler;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.module.SimpleModule;
import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.security.RefusedAttempt;
import io.moongate.cluster.target.AccessChange;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.unit.LogicalUnit;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Keeps this version from passing over what a newer one has kept: a field of an event, a snapshot
 * or of what is in them that is not known here, and says something, is refused with its name. A
 * field that says nothing, as one of before the field was read by the newer version, is no loss:
 * null, false, 0, an empty text, list or object. Fields of messages that are never kept are passed
 * over, so that versions can talk.
 */
public final class KeptFields extends SimpleModule {
  private static final long serialVersionUID = 1L;
  private static final String OURS = "io.moongate.";
  private static final Set<Class<?>> TYPES = types();

  /** For Pekko, which makes it by its name in {@code conf/cluster.conf}. */
  public KeptFields() {
    super(KeptFields.class.getName());
  }

  @Override
  public void setupModule(SetupContext context) {
    super.setupModule(context);
    context.addDeserializationProblemHandler(new Strict());
  }

  private static final class Strict extends DeserializationProblemHandler {
    @Override
    public boolean handleUnknownProperty(
        DeserializationContext context,
        JsonParser parser,
        JsonDeserializer<?> deserializer,
        Object beanOrClass,
        String name)
        throws IOException {
      Class<?> type = beanOrClass instanceof Class<?> of ? of : beanOrClass.getClass();
      if (!TYPES.contains(type)) {
        return false;
      }
      if (saysNothing(parser)) {
        return true;
      }
      throw new UnrecognizedPropertyException(
          parser,
          "field %s of %s is not known to this version: a newer one has written it"
              .formatted(name, type.getName()),
          parser.currentLocation(),
          type,
          name,
          List.of());
    }

    /** Takes a value that says nothing. */
    private static boolean saysNothing(JsonParser parser) throws IOException {
      return switch (parser.currentToken()) {
        case VALUE_NULL, VALUE_FALSE -> true;
        case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getDoubleValue() == 0;
        case VALUE_STRING -> parser.getText().isEmpty();
        case START_ARRAY -> parser.nextToken() == JsonToken.END_ARRAY;
        case START_OBJECT -> parser.nextToken() == JsonToken.END_OBJECT;
        default -> false;
      };
    }
  }

  /** Every type of which a value can be in the journal or in a snapshot. */
  static Set<Class<?>> types() {
    Set<Class<?>> found = new HashSet<>();
    List.of(
            LogicalUnit.Event.class,
            LogicalUnit.Kept.class,
            LogicalUnit.Snapshot.class,
            Target.Event.class,
            Target.Kept.class,
            Target.Snapshot.class,
            AccessChange.class,
            Gateway.Event.class,
            Gateway.Kept.class,
            Gateway.Snapshot.class,
            RefusedAttempt.class)
        .forEach(root -> add(root, found));
    return Set.copyOf(found);
  }

  private static void add(Type type, Set<Class<?>> found) {
    if (type instanceof ParameterizedType generic) {
      for (Type argument : generic.getActualTypeArguments()) {
        add(argument, found);
      }
    } else if (type instanceof Class<?> kind && kind.getName().startsWith(OURS)) {
      if (kind.isEnum() || !found.add(kind)) {
        return;
      }
      if (kind.isSealed()) {
        for (Class<?> permitted : kind.getPermittedSubclasses()) {
          add(permitted, found);
        }
      }
      for (Field field : kind.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers())) {
          add(field.getGenericType(), found);
        }
      }
    }
  }
}
