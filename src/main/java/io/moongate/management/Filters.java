package io.moongate.management;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;

/** What the elements of a list have to be that a request asks for. */
final class Filters {
  static final List<String> GATEWAY_STATES = List.of("up", "failed", "stopped");
  static final List<String> SERVICES = List.of("in-service", "draining", "drained");
  static final List<String> PHASES = List.of("unowned", "acquiring", "serving", "releasing");
  static final List<String> ACCESS_STATES =
      List.of(
          "active-optimized",
          "active-non-optimized",
          "standby",
          "unavailable",
          "offline",
          "transitioning");

  private Filters() {}

  /** Elements of which this is what the parameter says; all, when it is not given. */
  static <T> Predicate<T> equal(
      Map<String, String> query, String parameter, Function<T, String> of) {
    String wanted = query.get(parameter);
    return wanted == null ? element -> true : element -> Objects.equals(of.apply(element), wanted);
  }

  /** The same for what can only be one of these. */
  static <T> Predicate<T> oneOf(
      Map<String, String> query, String parameter, List<String> words, Function<T, String> of) {
    String wanted = query.get(parameter);
    if (wanted != null && !words.contains(wanted)) {
      throw ProblemException.invalid(
          parameter, parameter + " must be one of " + words + ", and is " + wanted);
    }
    return equal(query, parameter, of);
  }

  /** Elements that have what the parameter says among these; all, when it is not given. */
  static <T> Predicate<T> among(
      Map<String, String> query, String parameter, Function<T, List<String>> of) {
    String wanted = query.get(parameter);
    return wanted == null ? element -> true : element -> of.apply(element).contains(wanted);
  }
}
