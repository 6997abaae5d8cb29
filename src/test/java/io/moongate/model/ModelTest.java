package io.moongate.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The formal model (docs/model), checked by TLC: the sound one promises what it should, and each
 * rule that is left out breaks the promise, in the way that is expected of it.
 */
class ModelTest {
  private static final String PROMISE = "NothingLostNothingStale ReadsAreFresh";
  private static final String ALL =
      PROMISE + " OneExecutor OnlyUnderItsEpoch FencedBeforeServing LeaseOutIsTrue";
  private static final String ONE_EXECUTOR = PROMISE + " OneExecutor";

  // -- sound: everything holds, in at least so many states

  static Stream<Arguments> sound() {
    return Stream.of(
        arguments(ownership("failure").invariants(ALL).property("EpochsGrow"), 20_000),
        arguments(tie("tie").invariants("LeaseOutIsTrue"), 200),
        arguments(lease("lease").with("Sets", "{{b, c}}").invariants("LeaseOutIsTrue"), 1_000),
        arguments(terms("terms").invariants("OneLine"), 500));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void sound(Tlc.Check check, int floor) throws Exception {
    requireSound(check, floor);
  }

  /** The same with more of everything. Minutes each. */
  static Stream<Arguments> soundInTheLarge() {
    Tlc.Check large =
        ownership("large").with("MaxMoves", "1").with("MaxCrashes", "1").with("MaxEpoch", "3");
    return Stream.of(
        arguments(
            ownership("move")
                .with("MaxMoves", "1")
                .with("MaxLapses", "0")
                .with("Commands", "1")
                .invariants(ALL)
                .property("EpochsGrow"),
            1_000),
        arguments(plain(ownership("plain-file")).invariants(ALL).property("EpochsGrow"), 10_000),
        arguments(
            live("progress")
                .property("EveryTransitionEnds")
                .property("EveryCommandEnds")
                .property("EveryUnitIsTakenOver"),
            500),
        arguments(large.invariants(ALL).property("EpochsGrow"), 1_000_000),
        arguments(
            ownership("moves")
                .with("MaxMoves", "2")
                .with("MaxLapses", "0")
                .invariants(ALL)
                .property("EpochsGrow"),
            100_000),
        arguments(
            lease("lease-long")
                .with("Length", "2")
                .with("Versions", "3")
                .invariants("LeaseOutIsTrue"),
            1_000_000),
        arguments(joining("joining").invariants("LeaseOutIsTrue"), 100_000),
        arguments(
            terms("terms-large")
                .with("Incarnations", "4")
                .with("Events", "5")
                .invariants("OneLine"),
            100_000));
  }

  @Tag("long")
  @ParameterizedTest(name = "{0}")
  @MethodSource
  void soundInTheLarge(Tlc.Check check, int floor) throws Exception {
    requireSound(check, floor);
  }

  private static void requireSound(Tlc.Check check, int floor) throws Exception {
    Tlc.Outcome outcome = Tlc.run(check);
    assertEquals("nothing", outcome.violated(), outcome::text);
    assertTrue(outcome.states() > floor, () -> "so few states say little:\n" + outcome.text());
  }

  // -- each rule left out

  static Stream<Arguments> withoutARule() {
    String stale = "NothingLostNothingStale";
    Tlc.Check still = ownership("").with("MaxLapses", "0").with("MaxEpoch", "1");
    Tlc.Check moving = still.with("MaxMoves", "1").with("MaxEpoch", "2");
    // Two executors are enough to see: no command is needed for it.
    Tlc.Check quiet = moving.with("Commands", "0");
    return Stream.of(
        arguments(still.without("deadline").invariants(PROMISE), stale),
        arguments(still.without("relay-deadline").invariants(PROMISE), stale),
        arguments(still.without("patience").invariants(PROMISE), stale),
        arguments(still.without("range-lock").invariants(PROMISE), stale),
        arguments(
            ownership("").with("MaxEpoch", "1").without("sessions").invariants(PROMISE), stale),
        arguments(
            ownership("").with("MaxEpoch", "1").without("arrival").invariants(PROMISE), stale),
        arguments(
            quiet.with("MaxMoves", "0").without("lease-out").invariants(ONE_EXECUTOR),
            "OneExecutor"),
        arguments(
            quiet.with("MaxMoves", "0").without("evidence").invariants(ONE_EXECUTOR),
            "OneExecutor"),
        arguments(ownership("").without("fence").invariants(PROMISE), PROMISE),
        arguments(
            quiet.with("MaxMoves", "2").without("release-version").invariants(ONE_EXECUTOR),
            "OneExecutor"),
        arguments(
            lease("").without("majority").with("Sets", "{{b, c}}").invariants("LeaseOutIsTrue"),
            "LeaseOutIsTrue"),
        arguments(
            lease("").without("from-sending").with("Sets", "{{b, c}}").invariants("LeaseOutIsTrue"),
            "LeaseOutIsTrue"),
        arguments(
            lease("").without("margin").with("Sets", "{{b, c}}").invariants("LeaseOutIsTrue"),
            "LeaseOutIsTrue"),
        arguments(
            lease("").without("adoption").with("Sets", "{{b, c}}").invariants("LeaseOutIsTrue"),
            "LeaseOutIsTrue"),
        arguments(
            lease("").without("blocking-set").with("Sets", "{{b, c}}").invariants("LeaseOutIsTrue"),
            "LeaseOutIsTrue"),
        arguments(
            lease("")
                .without("chain")
                .with("Sets", "{{c}, {b, c}}")
                .with("Versions", "3")
                .invariants("LeaseOutIsTrue"),
            "LeaseOutIsTrue"),
        arguments(
            joining("").without("same-version").invariants("LeaseOutIsTrue"), "LeaseOutIsTrue"),
        arguments(tie("").without("newcomers").invariants("LeaseOutIsTrue"), "LeaseOutIsTrue"),
        arguments(
            tie("")
                .with("Founders", "{b}")
                .with("Sets", "{{a, b}}")
                .without("left-out")
                .invariants("LeaseOutIsTrue"),
            "LeaseOutIsTrue"),
        arguments(tie("").without("cas").invariants("LeaseOutIsTrue"), "LeaseOutIsTrue"),
        arguments(terms("").without("confirmation").invariants("OneLine"), "OneLine"),
        arguments(
            terms("").with("Incarnations", "4").without("adoption").invariants("OneLine"),
            "OneLine"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void withoutARule(Tlc.Check check, String violated) throws Exception {
    requireViolated(check, violated);
  }

  /** Those that take TLC longer. */
  static Stream<Arguments> withoutARuleInTheLarge() {
    String stale = "NothingLostNothingStale";
    Tlc.Check still = ownership("").with("MaxLapses", "0").with("MaxEpoch", "1");
    Tlc.Check moving = still.with("MaxMoves", "1").with("MaxEpoch", "2");
    Tlc.Check quiet = moving.with("Commands", "0");
    return Stream.of(
        arguments(plain(ownership("")).without("lease").invariants(PROMISE), PROMISE),
        arguments(ownership("").without("new-epoch").invariants(PROMISE), PROMISE),
        arguments(plain(moving).without("drain").invariants(PROMISE), PROMISE),
        arguments(quiet.without("terms").invariants(ONE_EXECUTOR), "OneExecutor"),
        arguments(live("").without("open-bound").property("EveryTransitionEnds"), Tlc.TEMPORAL),
        arguments(live("").without("release-bound").property("EveryTransitionEnds"), Tlc.TEMPORAL),
        arguments(live("").without("held-bound").property("EveryCommandEnds"), Tlc.TEMPORAL),
        arguments(terms("").without("term-first").invariants("OneLine"), "OneLine"),
        arguments(terms("").without("greatest-term").invariants("OneLine"), "OneLine"),
        arguments(
            moving
                .with("MaxMoves", "2")
                .with("MaxEpoch", "3")
                .without("stamp")
                .invariants("OnlyUnderItsEpoch"),
            "OnlyUnderItsEpoch"));
  }

  @Tag("long")
  @ParameterizedTest(name = "{0}")
  @MethodSource
  void withoutARuleInTheLarge(Tlc.Check check, String violated) throws Exception {
    requireViolated(check, violated);
  }

  /** One of several, where it depends on the order of the search which is found first. */
  private static void requireViolated(Tlc.Check check, String oneOf) throws Exception {
    Tlc.Outcome outcome = Tlc.run(check);
    assertTrue(
        List.of(oneOf.split(" ")).contains(outcome.violated()),
        () -> oneOf + " was to be violated:\n" + outcome.text());
  }

  // -- what the assumptions are worth, and that the checks are not vacuous

  static Stream<Arguments> beyondTheAssumptions() {
    return Stream.of(
        // A plain file, and a write that hangs in it while the owner is succeeded.
        arguments(
            ownership("a-write-hangs-in-a-plain-file").with("Refuses", "FALSE").invariants(PROMISE),
            PROMISE),
        arguments(tie("out-is-reached").invariants("NeverOut"), "NeverOut"),
        arguments(
            lease("held-by-the-second").with("Sets", "{{a, b}}").invariants("NeverHeldByTheSecond"),
            "NeverHeldByTheSecond"),
        arguments(terms("two-act").invariants("NobodyActsTwice"), "NobodyActsTwice"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void beyondTheAssumptions(Tlc.Check check, String violated) throws Exception {
    requireViolated(check, violated);
  }

  // -- small configurations; docs/model/README.md says what the constants are

  private static Tlc.Check ownership(String name) {
    return Tlc.Check.of("Ownership", name);
  }

  /** A store that can't refuse, under the assumption that makes it safe. */
  private static Tlc.Check plain(Tlc.Check check) {
    return check.with("Refuses", "FALSE").with("Prompt", "TRUE");
  }

  private static Tlc.Check live(String name) {
    return ownership(name).live().with("Commands", "1").with("MaxMoves", "1").with("Stuck", "{g2}");
  }

  private static Tlc.Check lease(String name) {
    return Tlc.Check.of("Lease", name);
  }

  private static Tlc.Check tie(String name) {
    return lease(name)
        .with("Gateways", "{a, b}")
        .with("Founders", "{a, b}")
        .with("Sets", "{{a}, {b}}")
        .with("Versions", "3");
  }

  /** Two found it, two join, and then the first two are left out. */
  private static Tlc.Check joining(String name) {
    return lease(name)
        .with("Gateways", "{a, b, c, d}")
        .with("Founders", "{a, b}")
        .with("Sets", "{{a, b, c, d}, {c, d}}")
        .with("Versions", "3");
  }

  private static Tlc.Check terms(String name) {
    return Tlc.Check.of("Terms", name);
  }

  /** Every rule that a module names is left out by some test: none is there for show. */
  @ParameterizedTest
  @MethodSource("modules")
  void everyRuleIsLeftOutOnce(String module) throws Exception {
    List<String> leftOut =
        Stream.concat(withoutARule(), withoutARuleInTheLarge())
            .map(arguments -> (Tlc.Check) arguments.get()[0])
            .filter(check -> check.module().equals(module))
            .map(Tlc.Check::without)
            .distinct()
            .sorted()
            .toList();
    assertEquals(Tlc.rules(module), leftOut);
  }

  static Stream<String> modules() {
    return Stream.of("Ownership", "Lease", "Terms");
  }
}
