package io.moongate.cluster;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.apache.pekko.actor.typed.ActorRef;

/** Makes a value of every kind of message from its record's components: a new kind has one, too. */
final class Samples {
  private final ActorRef<?> ref;

  /** Full: nothing is empty. Otherwise everything that can be empty is. */
  private final boolean full;

  Samples(ActorRef<?> ref, boolean full) {
    this.ref = ref;
    this.full = full;
  }

  /** The kinds of a family that may leave the process: the public ones. */
  static List<Class<?>> kinds(Class<?> family) {
    List<Class<?>> kinds = new ArrayList<>();
    if (family.isSealed()) {
      for (Class<?> permitted : family.getPermittedSubclasses()) {
        kinds.addAll(kinds(permitted));
      }
    } else if (Modifier.isPublic(family.getModifiers()) || family.isInterface()) {
      kinds.add(family);
    }
    return kinds;
  }

  Object of(Class<?> kind) {
    return of(kind, kind.getSimpleName());
  }

  private Object of(Type type, String name) {
    if (type instanceof ParameterizedType generic) {
      return ofGeneric(generic, name);
    }
    Class<?> kind = (Class<?>) type;
    if (kind == String.class) {
      return full ? name + " \"ü\"" : "";
    } else if (kind == long.class || kind == Long.class) {
      return full ? Long.MIN_VALUE + name.length() : 0L;
    } else if (kind == int.class || kind == Integer.class) {
      return full ? 65_536 + name.length() : 0;
    } else if (kind == double.class || kind == Double.class) {
      return full ? 812.5 + name.length() : 0.0;
    } else if (kind == boolean.class || kind == Boolean.class) {
      return full;
    } else if (kind == Instant.class) {
      return full ? Instant.parse("2026-11-22T03:12:00.123456789Z") : Instant.EPOCH;
    } else if (kind == OptionalLong.class) {
      return full ? OptionalLong.of(Long.MAX_VALUE) : OptionalLong.empty();
    } else if (kind == long[].class) {
      return full ? new long[] {1, -1, Long.MAX_VALUE} : new long[0];
    } else if (kind.isEnum()) {
      Object[] all = kind.getEnumConstants();
      return all[full ? all.length - 1 : 0];
    } else if (kind.isSealed()) {
      return of(kinds(kind).get(0), name);
    } else if (kind.isRecord()) {
      return ofRecord(kind);
    }
    throw new IllegalArgumentException("no sample of " + type + " for " + name);
  }

  private Object ofGeneric(ParameterizedType type, String name) {
    Class<?> kind = (Class<?>) type.getRawType();
    Type[] of = type.getActualTypeArguments();
    if (kind == ActorRef.class) {
      return ref;
    } else if (kind == List.class) {
      return full ? List.of(of(of[0], name), of(of[0], name)) : List.of();
    } else if (kind == Optional.class) {
      return full ? Optional.of(of(of[0], name)) : Optional.empty();
    } else if (kind == Map.class) {
      Map<Object, Object> map = new TreeMap<>();
      if (full) {
        map.put(of(of[0], name), of(of[1], name));
      }
      return map;
    }
    throw new IllegalArgumentException("no sample of " + type + " for " + name);
  }

  private Object ofRecord(Class<?> kind) {
    RecordComponent[] components = kind.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      JsonSubTypes within = components[i].getAccessor().getAnnotation(JsonSubTypes.class);
      values[i] =
          within == null
              ? of(components[i].getGenericType(), components[i].getName())
              : of(within.value()[0].value(), components[i].getName());
    }
    try {
      Constructor<?> constructor = kind.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException wrong) {
      throw new IllegalArgumentException("no sample of " + kind, wrong);
    }
  }

  /** Equality that looks into arrays. */
  static boolean same(Object one, Object other) {
    if (one == null || other == null || !one.getClass().equals(other.getClass())) {
      return Objects.equals(one, other);
    }
    if (one.getClass().isArray()) {
      int length = Array.getLength(one);
      boolean same = length == Array.getLength(other);
      for (int i = 0; same && i < length; i++) {
        same = same(Array.get(one, i), Array.get(other, i));
      }
      return same;
    }
    if (one.getClass().isRecord()) {
      for (RecordComponent component : one.getClass().getRecordComponents()) {
        try {
          component.getAccessor().setAccessible(true);
          if (!same(component.getAccessor().invoke(one), component.getAccessor().invoke(other))) {
            return false;
          }
        } catch (ReflectiveOperationException wrong) {
          throw new IllegalArgumentException(wrong);
        }
      }
      return true;
    }
    return one.equals(other);
  }
}
