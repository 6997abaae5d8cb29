package io.moongate.cluster.unit;

import static io.moongate.cluster.unit.UnitFixture.incarnationOf;
import static io.moongate.cluster.unit.UnitFixture.seen;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.Answer;
import io.moongate.cluster.entity.EntityKit;
import io.moongate.cluster.entity.Gate;
import io.moongate.cluster.replica.ViewPublisher;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.failure.Observation.Kind;
import io.moongate.scsi.shared.SharedState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.Test;

/**
 * The entity with two incarnations at a time, row and terms that answer late or not at all, and
 * commands that come late, twice and in any order. Whatever comes, what was published obeys the
 * rules; and once everything is reachable again, the unit finds an owner.
 */
class LogicalUnitRandomTest {
  private static final int UNITS = 12;
  private static final int STEPS = 80;
  private static final List<String> GATEWAYS = List.of("gw1", "gw2", "gw3");

  private static int takenOver;

  @Test
  void whateverComesInWhateverOrder() throws InterruptedException {
    long first = System.nanoTime();
    System.out.printf("LogicalUnitRandomTest: %d seeds from %d%n", UNITS, first);
    try (UnitFixture fixture = new UnitFixture()) {
      ActorTestKit otherNode = ActorTestKit.create(EntityKit.config());
      try {
        for (long seed = first; seed < first + UNITS; seed++) {
          new Run(fixture, otherNode, seed).run();
        }
        assertTrue(takenOver > 0, "no unit was taken over by the row; first seed " + first);
      } finally {
        otherNode.shutdownTestKit();
      }
    }
  }

  private static final class Run {
    private final UnitFixture fixture;
    private final ActorTestKit otherNode;
    private final long seed;
    private final Random random;
    private final TestProbe<ViewPublisher.Command> published;
    private final TestProbe<Answer> answers;
    private final TestProbe<Answer> changes;
    private final List<ActorRef<LogicalUnit.Command>> incarnations = new ArrayList<>();
    private final List<LogicalUnit.Command> late = new ArrayList<>();
    private final List<UnitEntry> seen = new ArrayList<>();
    private int named;

    Run(UnitFixture fixture, ActorTestKit otherNode, long seed) {
      this.fixture = fixture;
      this.otherNode = otherNode;
      this.seed = seed;
      this.random = new Random(seed);
      fixture.fresh();
      published = fixture.kit.createTestProbe();
      answers = fixture.kit.createTestProbe();
      changes = fixture.kit.createTestProbe();
      fixture.kit.stop(fixture.unit);
      start();
      fixture.ask(newest(), fixture::create);
    }

    private void start() {
      ActorTestKit node = incarnations.size() % 2 == 0 ? fixture.kit : otherNode;
      long term = fixture.terms.term(fixture.persistenceId());
      incarnations.add(fixture.incarnation(node, published));
      // So that the newest here is the one of the newest term.
      answers.awaitAssert(
          () -> {
            assertTrue(fixture.terms.term(fixture.persistenceId()) > term);
            return null;
          });
    }

    private ActorRef<LogicalUnit.Command> newest() {
      return incarnations.get(incarnations.size() - 1);
    }

    void run() {
      for (int step = 0; step < STEPS; step++) {
        step();
      }
      gates().forEach(gate -> gate.failNext(0));
      gates().forEach(Gate::open);
      start();
      awaitRecordOfClaim();
      UnitEntry settled = settle();
      check();
      checkShared(settled);
      takenOver += fixture.rows.takenOver(fixture.id).size();
      assertEquals(Phase.SERVING, settled.ownership().phase(), "seed " + seed);
    }

    private List<Gate> gates() {
      return List.of(
          fixture.terms.confirm,
          fixture.rows.claims,
          fixture.rows.raises,
          fixture.rows.reads,
          fixture.terms.take);
    }

    private void step() {
      Gate gate = gates().get(random.nextInt(gates().size() - 1));
      switch (random.nextInt(31)) {
        case 0 -> start();
        case 1 -> gate.close();
        case 2, 3, 4 -> gate.open();
        case 5 -> gate.failNext(1);
        case 6 -> fixture.rows.loseAnswers(1);
        case 7 -> fixture.time.timePasses(UnitFixture.SETTINGS.openBound());
        case 8 -> {
          gates().forEach(Gate::open);
          collect(UnitFixture.entry(ask()));
        }
        case 9, 10, 11 -> onward();
        case 12, 13, 14 -> takeOverByRow();
        default -> send();
      }
    }

    /** What the gateways would do next, so that units are served now and then. */
    private void onward() {
      gates().forEach(Gate::open);
      UnitEntry last = UnitFixture.entry(ask());
      collect(last);
      Ownership now = last.ownership();
      switch (now.phase()) {
        case UNOWNED ->
            newest()
                .tell(
                    new LogicalUnit.TakeOver(
                        "gw2",
                        incarnationOf("gw2"),
                        now.epoch(),
                        "random",
                        List.of(),
                        answers.ref()));
        case ACQUIRING ->
            newest().tell(new LogicalUnit.Opened(now.owner(), now.incarnation(), now.epoch()));
        case SERVING, RELEASING ->
            newest()
                .tell(
                    new LogicalUnit.ChangeShared(
                        now.owner(),
                        now.incarnation(),
                        now.epoch(),
                        last.shared().as(last.shared().version() + 1, "c" + ++named),
                        "random",
                        changes.ref()));
      }
    }

    /**
     * As a gateway does it that has evidence against the owner: by what it has seen last, or by an
     * older entry. The former owner's changes, and what the entity decides, are under way as well.
     */
    private void takeOverByRow() {
      if (seen.isEmpty() || random.nextBoolean()) {
        gates().forEach(Gate::open);
        collect(UnitFixture.entry(ask()));
      }
      UnitEntry last = seen.get(Math.max(0, seen.size() - 1 - random.nextInt(2)));
      if (last.ownership().epoch() == 0 || last.ownership().phase() == Phase.UNOWNED) {
        return;
      }
      if (random.nextInt(3) == 0) {
        fixture.rows.claims.close();
      }
      String gateway = GATEWAYS.get(random.nextInt(GATEWAYS.size()));
      var unused =
          fixture.rows.takeOver(
              List.of(
                  new OwnershipRows.TakeOver(
                      fixture.id,
                      new OwnershipRows.Row(
                          last.ownership().epoch() + 1, gateway, incarnationOf(gateway), true),
                      last.shared().version(),
                      "random")));
    }

    private Answer ask() {
      // An incarnation that lost its term ends without an answer; the newest one has it.
      gates().forEach(gate -> gate.failNext(0));
      TestProbe<Answer> probe = fixture.kit.createTestProbe();
      newest().tell(new LogicalUnit.Get(probe.ref()));
      return probe.awaitAssert(
          Duration.ofSeconds(10),
          Duration.ofMillis(1),
          () -> {
            try {
              return probe.receiveMessage(Duration.ofMillis(50));
            } catch (AssertionError none) {
              // A confirmation that failed is asked for again after a while.
              Duration pause = Duration.ofMillis(250);
              fixture.time.timePasses(pause);
              ManualTime.get(otherNode.system()).timePasses(pause);
              throw none;
            }
          });
    }

    private void collect(UnitEntry entry) {
      seen.add(entry);
    }

    private void send() {
      LogicalUnit.Command command =
          !late.isEmpty() && random.nextInt(3) == 0
              ? late.get(random.nextInt(late.size()))
              : command();
      if (random.nextInt(4) == 0) {
        late.add(command);
      } else {
        ActorRef<LogicalUnit.Command> to =
            random.nextInt(4) == 0
                ? incarnations.get(random.nextInt(incarnations.size()))
                : newest();
        to.tell(command);
        if (random.nextInt(4) == 0) {
          to.tell(command);
        }
      }
    }

    private LogicalUnit.Command command() {
      String gateway = GATEWAYS.get(random.nextInt(GATEWAYS.size()));
      long decided = fixture.rows.decided(fixture.id).size();
      long epoch = Math.max(0, decided - random.nextInt(2));
      long size = (1L + random.nextInt(4)) << 20;
      return switch (random.nextInt(10)) {
        case 0, 1 ->
            new LogicalUnit.TakeOver(
                gateway,
                incarnationOf(gateway),
                epoch,
                "random",
                List.of(
                    seen(
                        GATEWAYS.get(random.nextInt(GATEWAYS.size())),
                        random.nextBoolean() ? Kind.PROCESS_GONE : Kind.REMOVED)),
                answers.ref());
        case 2 -> new LogicalUnit.Move(gateway, incarnationOf(gateway), "random", answers.ref());
        case 3 -> new LogicalUnit.Opened(gateway, incarnationOf(gateway), epoch);
        case 4 ->
            new LogicalUnit.OpenFailed(
                gateway,
                incarnationOf(gateway),
                epoch,
                "random",
                seen.isEmpty() ? 0 : seen.get(seen.size() - 1).version());
        case 5 -> new LogicalUnit.Resize(size, "random", answers.ref());
        case 6 -> new LogicalUnit.Grown(gateway, incarnationOf(gateway), epoch, size);
        case 7 -> change();
        case 8 ->
            // By whoever says so: it is the row that counts.
            new LogicalUnit.HandedOver(gateway, incarnationOf(gateway), decided, "random");
        default ->
            new LogicalUnit.Released(
                gateway,
                incarnationOf(gateway),
                epoch,
                seen.isEmpty() ? 1 : seen.get(random.nextInt(seen.size())).version());
      };
    }

    /** By who owned it when it was last seen, or by anyone; from a version that is about right. */
    private LogicalUnit.Command change() {
      if (seen.isEmpty() || random.nextInt(3) == 0) {
        gates().forEach(Gate::open);
        collect(UnitFixture.entry(ask()));
      }
      UnitEntry last = seen.get(seen.size() - 1);
      boolean owner = random.nextInt(4) > 0;
      String gateway =
          owner ? last.ownership().owner() : GATEWAYS.get(random.nextInt(GATEWAYS.size()));
      return new LogicalUnit.ChangeShared(
          gateway,
          incarnationOf(gateway),
          last.ownership().epoch(),
          last.shared().as(last.shared().version() + 1 + random.nextInt(2), "c" + ++named),
          "random",
          changes.ref());
    }

    /** What a gateway has taken over by the row is recorded once somebody brings the evidence. */
    private void awaitRecordOfClaim() {
      List<OwnershipRows.Row> decided = fixture.rows.decided(fixture.id);
      if (!decided.isEmpty() && decided.get(decided.size() - 1).serving()) {
        answers.awaitAssert(
            () -> {
              Ownership now = UnitFixture.entry(ask()).ownership();
              newest()
                  .tell(
                      new LogicalUnit.TakeOver(
                          "gw9",
                          incarnationOf("gw9"),
                          now.epoch(),
                          "random",
                          List.of(
                              new io.moongate.failure.Observation(
                                  "gw8",
                                  now.owner(),
                                  now.incarnation(),
                                  Kind.PROCESS_GONE,
                                  UnitFixture.NOW,
                                  "test")),
                          answers.ref()));
              assertTrue(
                  UnitFixture.entry(ask()).ownership().epoch() >= decided.size(),
                  "seed " + seed + ": " + decided);
              return null;
            });
      }
    }

    /** Does what the gateways and the bounds do until somebody serves. */
    private UnitEntry settle() {
      for (int round = 0; round < 20; round++) {
        UnitEntry entry = UnitFixture.entry(ask());
        collect(entry);
        Ownership now = entry.ownership();
        switch (now.phase()) {
          case SERVING -> {
            return entry;
          }
          case UNOWNED ->
              newest()
                  .tell(
                      new LogicalUnit.TakeOver(
                          "gw1",
                          incarnationOf("gw1"),
                          now.epoch(),
                          "nobody",
                          List.of(),
                          answers.ref()));
          case ACQUIRING ->
              newest().tell(new LogicalUnit.Opened(now.owner(), now.incarnation(), now.epoch()));
          case RELEASING -> {
            fixture.time.timePasses(UnitFixture.SETTINGS.releaseBound());
            ManualTime.get(otherNode.system()).timePasses(UnitFixture.SETTINGS.releaseBound());
          }
        }
      }
      throw new AssertionError("seed " + seed + ": nobody serves");
    }

    /** No change that was accepted is missing in the end, and no version had two of them. */
    private void checkShared(UnitEntry settled) {
      Answer marker = Answer.unavailable("the last");
      changes.ref().tell(marker);
      List<SharedState> states = new ArrayList<>();
      List<UnitEntry> told = new ArrayList<>(seen);
      for (Answer answer = changes.receiveMessage();
          !answer.equals(marker);
          answer = changes.receiveMessage()) {
        if (answer instanceof Answer.Accepted accepted) {
          states.add(((UnitEntry) accepted.entry()).shared());
          told.add((UnitEntry) accepted.entry());
        }
      }
      seen.forEach(entry -> states.add(entry.shared()));
      fixture
          .rows
          .takenOver(fixture.id)
          .forEach(
              (epoch, version) ->
                  told.stream()
                      .filter(entry -> entry.ownership().epoch() < epoch)
                      .forEach(
                          entry ->
                              assertTrue(
                                  entry.shared().version() <= version,
                                  "seed %d: taken over as %d with version %d, after %s"
                                      .formatted(seed, epoch, version, entry))));
      Map<Long, String> names = new HashMap<>();
      for (SharedState state : states) {
        String other = names.putIfAbsent(state.version(), state.change());
        assertTrue(other == null || other.equals(state.change()), "seed " + seed + ": " + states);
        assertTrue(
            state.version() <= settled.shared().version(),
            "seed " + seed + ": lost " + state + " in " + settled.shared());
      }
    }

    private void check() {
      ViewPublisher.Publish marker = new ViewPublisher.Publish(null);
      published.ref().tell(marker);
      for (ViewPublisher.Command command = published.receiveMessage();
          !command.equals(marker);
          command = published.receiveMessage()) {
        seen.add((UnitEntry) ((ViewPublisher.Publish) command).entry());
      }
      Map<Long, UnitEntry> byVersion = new HashMap<>();
      Map<Long, String> ownerOfEpoch = new HashMap<>();
      List<OwnershipRows.Row> decided = fixture.rows.decided(fixture.id);
      for (int i = 0; i < decided.size(); i++) {
        assertEquals(i + 1, decided.get(i).epoch(), "seed " + seed + ": epochs grow by one");
      }
      for (UnitEntry entry : seen) {
        String why = "seed " + seed + ": " + entry;
        UnitEntry same = byVersion.putIfAbsent(entry.version(), entry);
        assertTrue(same == null || same.equals(entry), why + "\nbut also " + same);
        Ownership now = entry.ownership();
        if (now.phase() != Phase.UNOWNED) {
          OwnershipRows.Row row = decided.get((int) now.epoch() - 1);
          assertEquals(row.owner(), now.owner(), why);
          assertEquals(row.incarnation(), now.incarnation(), why);
          assertTrue(!row.serving() || now.phase() != Phase.ACQUIRING, why);
          String other = ownerOfEpoch.putIfAbsent(now.epoch(), now.owner());
          assertTrue(other == null || other.equals(now.owner()), why);
        }
      }
      long epoch = 0;
      long size = 0;
      long shared = 0;
      for (UnitEntry entry :
          byVersion.values().stream()
              .sorted(java.util.Comparator.comparingLong(UnitEntry::version))
              .toList()) {
        assertTrue(entry.ownership().epoch() >= epoch, "seed " + seed + ": " + entry);
        epoch = entry.ownership().epoch();
        assertTrue(entry.size() >= size, "seed " + seed + ": it has shrunk: " + entry);
        assertTrue(
            entry.growingTo() == 0 || entry.growingTo() > entry.size(),
            "seed " + seed + ": " + entry);
        size = entry.size();
        assertTrue(entry.shared().version() >= shared, "seed " + seed + ": " + entry);
        shared = entry.shared().version();
      }
    }
  }
}
