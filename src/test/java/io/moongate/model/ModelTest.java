package io.moongate.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The formal model (docs/model), checked by TLC: the sound one promises what it should, and each
 * rule that is left out breaks the promise, in the way that is expected of it.
 */
@Execution(ExecutionMode.CONCURRENT)
class ModelTest {
  private static final String PROMISE = "NothingLostNothingStale ReadsAreFresh";
  private static final String ALL =
      PROMISE + " OneExecutor OnlyUnderItsEpoch FencedBeforeServing LeaseOutIsTrue";
  private static final String CLAIMS = "NoChangeIsMissed OneServes";
  private static final String ONE_EXECUTOR = PROMISE + " OneExecutor";

  // -- sound: everything holds, in at least so many states

  static Stream<Arguments> sound() {
    return Stream.of(
        arguments(ownership("failure").invariants(ALL).property("EpochsGrow"), 20_000),
        arguments(
            moving("move").with("Commands", "1").invariants(ALL).property("EpochsGrow"), 1_500),
        arguments(plain(ownership("plain-file")).invariants(ALL).property("EpochsGrow"), 20_000),
        arguments(unasked(ownership("unasked")).invariants(ALL).property("EpochsGrow"), 20_000),
        arguments(live("move").property("EveryTransitionEnds").property("EveryCommandEnds"), 1_500),
        arguments(
            ownership("failure")
                .live()
                .with("MaxCrashes", "1")
                .with("Commands", "0")
                .property("EveryTransitionEnds")
                .property("EveryUnitIsTakenOver"),
            100),
        arguments(tie("tie").invariants("LeaseOutIsTrue"), 300),
        arguments(lease("lease").invariants("LeaseOutIsTrue"), 6_000),
        arguments(terms("terms").invariants("OneLine"), 10_000),
        arguments(claims("claims").invariants(CLAIMS), 50_000),
        arguments(givenByTheRow("given by the row").invariants(CLAIMS), 40_000));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void sound(Tlc.Check check, int floor) throws Exception {
    requireSound(check, floor);
  }

  /** The same with more of everything. Minutes each. */
  static Stream<Arguments> soundInTheLarge() {
    Tlc.Check both = moving("failure and move").with("MaxLapses", "1");
    Tlc.Check twoFailures = ownership("two failures").with("MaxCrashes", "1").with("MaxEpoch", "3");
    Tlc.Check moves = moving("there and back").with("MaxMoves", "2").with("MaxEpoch", "3");
    return Stream.of(
        arguments(both.invariants(ALL).property("EpochsGrow"), 500_000),
        arguments(twoFailures.invariants(ALL).property("EpochsGrow"), 500_000),
        arguments(moves.with("Commands", "1").invariants(ALL).property("EpochsGrow"), 30_000),
        arguments(
            live("all")
                .with("MaxLapses", "1")
                .property("EveryTransitionEnds")
                .property("EveryCommandEnds")
                .property("EveryUnitIsTakenOver"),
            20_000),
        arguments(joining("joining").invariants("LeaseOutIsTrue"), 1_000_000),
        arguments(
            lease("three versions")
                .with("Sets", "{{c}, {b, c}, {a, b}}")
                .with("Versions", "3")
                .invariants("LeaseOutIsTrue"),
            50_000),
        arguments(terms("four").with("Incarnations", "4").invariants("OneLine"), 150_000),
        arguments(claims("two changes").with("Changes", "2").invariants(CLAIMS), 100_000),
        arguments(
            givenByTheRow("given by the row, and a failure")
                .with("MaxDead", "1")
                .invariants(CLAIMS),
            250_000));
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
    return Stream.concat(
        Stream.concat(ownershipWithoutARule(), leaseWithoutARule()),
        Stream.concat(termsWithoutARule(), claimsWithoutARule()));
  }

  private static Stream<Arguments> ownershipWithoutARule() {
    String stale = "NothingLostNothingStale";
    Tlc.Check still = ownership("").with("MaxLapses", "0").with("MaxEpoch", "1");
    Tlc.Check lapsing = ownership("").with("MaxEpoch", "1");
    // Two executors are enough to see: no command is needed for it.
    Tlc.Check quiet = moving("").with("Commands", "0");
    Tlc.Check twoMoves = moving("").with("MaxMoves", "2");
    return Stream.of(
        arguments(still.without("deadline").invariants(PROMISE), stale),
        arguments(still.without("relay-deadline").invariants(PROMISE), stale),
        arguments(still.without("patience").invariants(PROMISE), stale),
        arguments(still.without("range-lock").invariants(PROMISE), stale),
        arguments(still.without("proof").invariants(PROMISE), stale),
        // Either of these two would do where gateways ask.
        arguments(unasked(lapsing).without("sessions").invariants(PROMISE), stale),
        arguments(unasked(lapsing).without("arrival").invariants(PROMISE), stale),
        arguments(plain(ownership("")).without("lease").invariants(PROMISE), PROMISE),
        arguments(
            quiet.with("MaxMoves", "0").without("lease-out").invariants(ONE_EXECUTOR),
            "OneExecutor"),
        arguments(
            quiet.with("MaxMoves", "0").without("evidence").invariants(ONE_EXECUTOR),
            "OneExecutor"),
        arguments(
            quiet.with("MaxMoves", "2").without("release-version").invariants(ONE_EXECUTOR),
            "OneExecutor"),
        arguments(quiet.without("terms").invariants(ONE_EXECUTOR), "OneExecutor"),
        arguments(ownership("").without("fence").invariants(PROMISE), PROMISE),
        arguments(ownership("").without("new-epoch").property("EpochsGrow"), "EpochsGrow"),
        arguments(plain(moving("")).without("drain").invariants(PROMISE), PROMISE),
        arguments(plain(moving("")).without("abandon").invariants(PROMISE), PROMISE),
        arguments(moving("").without("former-clients").invariants(PROMISE), PROMISE),
        arguments(
            twoMoves
                .with("MaxEpoch", "3")
                .with("Commands", "1")
                .without("stamp")
                .invariants("OnlyUnderItsEpoch"),
            "OnlyUnderItsEpoch"),
        arguments(live("").without("open-bound").property("EveryTransitionEnds"), Tlc.TEMPORAL),
        arguments(live("").without("release-bound").property("EveryTransitionEnds"), Tlc.TEMPORAL),
        arguments(live("").without("held-bound").property("EveryCommandEnds"), Tlc.TEMPORAL));
  }

  private static Stream<Arguments> leaseWithoutARule() {
    return Stream.of(
            lease("").without("majority"),
            lease("").without("from-sending"),
            lease("").without("margin"),
            lease("").without("adoption"),
            lease("").without("blocking-set"),
            lease("").without("chain").with("Sets", "{{c}, {b, c}}").with("Versions", "3"),
            joining("").without("same-version").with("Drift", "0"),
            tie("").without("newcomers"),
            tie("").without("left-out").with("Founders", "{b}").with("Sets", "{{a, b}}"),
            tie("").without("cas"))
        .map(check -> arguments(check.invariants("LeaseOutIsTrue"), "LeaseOutIsTrue"));
  }

  private static Stream<Arguments> termsWithoutARule() {
    return Stream.of(
            terms("").without("confirmation"),
            terms("").without("term-first"),
            terms("").without("greatest-term"),
            terms("").without("adoption").with("Incarnations", "4").with("Events", "3"))
        .map(check -> arguments(check.invariants("OneLine"), "OneLine"));
  }

  private static Stream<Arguments> claimsWithoutARule() {
    return Stream.of(
            claims("").without("version"),
            claims("").without("raise"),
            claims("").without("cas"),
            claims("").without("by-the-claimant"),
            givenByTheRow("").without("handed"),
            givenByTheRow("").without("successor"),
            givenByTheRow("").with("MaxDead", "1").without("own-claim"))
        .map(check -> arguments(check.invariants(CLAIMS), CLAIMS));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void withoutARule(Tlc.Check check, String violated) throws Exception {
    requireViolated(check, violated);
  }

  /** Two executors, or one epoch twice, lose data indeed. Longer searches. */
  static Stream<Arguments> withoutARuleDataIsLost() {
    Tlc.Check two = moving("").with("MaxMoves", "0");
    return Stream.of(
            ownership("").without("new-epoch"),
            two.without("lease-out"),
            two.without("evidence"),
            moving("").without("terms"),
            moving("").with("MaxMoves", "2").without("release-version"))
        .map(check -> arguments(check.invariants(PROMISE), PROMISE));
  }

  @Tag("long")
  @ParameterizedTest(name = "{0}")
  @MethodSource
  void withoutARuleDataIsLost(Tlc.Check check, String violated) throws Exception {
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
        arguments(
            claims("changed-under-a-claim").invariants("NobodyChangesUnderAClaim"),
            "NobodyChangesUnderAClaim"),
        arguments(
            givenByTheRow("a-unit-is-given").invariants("NobodyIsGivenAUnit"),
            "NobodyIsGivenAUnit"),
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

  /** Where no link falls silent by itself nobody has to be asked. */
  private static Tlc.Check unasked(Tlc.Check check) {
    return check.with("Cuts", "FALSE").with("Asks", "FALSE");
  }

  private static Tlc.Check moving(String name) {
    return ownership(name).with("MaxLapses", "0").with("MaxMoves", "1");
  }

  /** With a gateway that never manages to open the store. */
  private static Tlc.Check live(String name) {
    return moving(name).live().with("Commands", "1").with("Stuck", "{g2}");
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

  private static Tlc.Check claims(String name) {
    return Tlc.Check.of("Claims", name);
  }

  /** A planned move, while nobody dies: two gateways are all that there is to it. */
  private static Tlc.Check givenByTheRow(String name) {
    return claims(name).with("Gateways", "{g1, g2}").with("MaxMoves", "1").with("MaxDead", "0");
  }

  private static Tlc.Check terms(String name) {
    return Tlc.Check.of("Terms", name);
  }

  /** Every rule that a module names is left out by some test: none is there for show. */
  @ParameterizedTest
  @MethodSource("modules")
  void everyRuleIsLeftOutOnce(String module) throws Exception {
    List<String> leftOut =
        withoutARule()
            .map(arguments -> (Tlc.Check) arguments.get()[0])
            .filter(check -> check.module().equals(module))
            .map(Tlc.Check::without)
            .distinct()
            .sorted()
            .toList();
    assertEquals(Tlc.rules(module), leftOut);
  }

  static Stream<String> modules() {
    return Stream.of("Ownership", "Lease", "Terms", "Claims");
  }
}
