package io.moongate.wire;

import java.util.Optional;
import java.util.function.ToIntFunction;

/** Finds the constant of a code among an enum's few; none of these is on the data path. */
final class CodeTable {
  private CodeTable() {}

  static <E extends Enum<E>> Optional<E> find(E[] constants, ToIntFunction<E> codeOf, int code) {
    for (E constant : constants) {
      if (codeOf.applyAsInt(constant) == code) {
        return Optional.of(constant);
      }
    }
    return Optional.empty();
  }
}
