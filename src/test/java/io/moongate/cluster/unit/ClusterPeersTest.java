package io.moongate.cluster.unit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.moongate.cluster.Answer;
import io.moongate.cluster.entity.EntityKit;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import io.moongate.scsi.task.NotExecuted;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.cluster.typed.Cluster;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ClusterPeersTest {
  private static final SharedState NEXT = SharedState.INITIAL.as(1, "ours");
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Nexus NEXUS =
      new Nexus("iqn.2026-01.io.host:a", 1, "iqn.2026-01.io.moongate:t", 1);

  /** A question to the entity, as the test answers it. */
  private record Asked(LogicalUnitCommand command, CompletableFuture<Answer> answer) {}

  /** Short for the two that are asked. */
  private record LogicalUnitCommand(io.moongate.cluster.unit.LogicalUnit.Command command) {
    boolean isChange() {
      return command instanceof io.moongate.cluster.unit.LogicalUnit.ChangeShared change
          && change.next().equals(NEXT)
          && change.epoch() == 3
          && change.gateway().equals("gw1")
          && change.incarnation().equals("p1");
    }

    boolean isGet() {
      return command instanceof io.moongate.cluster.unit.LogicalUnit.Get;
    }
  }

  private final BlockingQueue<Asked> questions = new LinkedBlockingQueue<>();
  private final List<SharedState> shared = new CopyOnWriteArrayList<>();
  private final List<Notice> taken = new CopyOnWriteArrayList<>();
  private ActorTestKit kit;

  @BeforeEach
  void start() {
    kit = ActorTestKit.create(remoting());
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private static Config remoting() {
    return ConfigFactory.parseString(
            """
            pekko.loglevel = WARNING
            pekko.actor.provider = cluster
            pekko.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
            pekko.cluster.jmx.enabled = off
            """)
        .withFallback(EntityKit.serialization())
        .withFallback(ConfigFactory.load("reference"));
  }

  private LogicalUnit unit() {
    return (LogicalUnit)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {LogicalUnit.class},
            (self, method, arguments) -> {
              if (arguments[0] instanceof SharedState state) {
                shared.add(state);
                return null;
              }
              taken.add((Notice) arguments[0]);
              return CompletableFuture.completedStage(null);
            });
  }

  private CompletionStage<Answer> ask(
      String unitId,
      Function<ActorRef<Answer>, io.moongate.cluster.unit.LogicalUnit.Command> command,
      Duration bound) {
    assertEquals("u1", unitId);
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    ActorRef<Answer> nobody = kit.system().ignoreRef();
    questions.add(new Asked(new LogicalUnitCommand(command.apply(nobody)), answer));
    return answer;
  }

  private ClusterPeers peers(Duration bound) {
    return new ClusterPeers(
        kit.system(),
        "gw1",
        "p1",
        bound,
        this::ask,
        kit.system().ignoreRef(),
        id -> Optional.of(unit()),
        id -> id.equals("u2"));
  }

  @Test
  void itSaysWhetherAnotherGatewayMayServeAUnit() {
    assertTrue(peers(LONG).mayServe("u2"));
    assertFalse(peers(LONG).mayServe("u1"));
  }

  private CompletableFuture<Void> record(Duration bound) {
    return peers(bound).record("u1", 3, NEXT, "test").toCompletableFuture();
  }

  private Asked asked() throws InterruptedException {
    Asked asked = questions.poll(10, TimeUnit.SECONDS);
    assertTrue(asked != null, "nothing was asked");
    return asked;
  }

  private CompletableFuture<Answer> change() throws InterruptedException {
    Asked asked = asked();
    assertTrue(asked.command().isChange(), () -> "asked " + asked);
    return asked.answer();
  }

  private static Answer entry(SharedState state) {
    UnitEntry unit = Entries.unit("u1", 9, Phase.SERVING, 3, "gw1");
    return new Answer.Accepted(
        new UnitEntry(
            unit.id(),
            unit.version(),
            unit.naa(),
            unit.serial(),
            unit.store(),
            unit.size(),
            unit.blockSize(),
            unit.preferred(),
            unit.ownership(),
            false,
            0,
            state));
  }

  private static void assertBusy(CompletableFuture<Void> recording) {
    ExecutionException failure =
        assertThrows(ExecutionException.class, () -> recording.get(10, TimeUnit.SECONDS));
    assertInstanceOf(NotExecuted.class, failure.getCause());
  }

  @Test
  void recordedOnceTheEntitySaysSo() throws Exception {
    CompletableFuture<Void> recording = record(LONG);
    change().complete(entry(NEXT));
    recording.get(10, TimeUnit.SECONDS);
  }

  @Test
  void aLostAnswerIsAskedForAgain() throws Exception {
    CompletableFuture<Void> recording = record(LONG);
    change().completeExceptionally(new java.util.concurrent.TimeoutException());
    change().complete(Answer.unavailable("the next owner is being decided"));
    change().complete(entry(NEXT));
    recording.get(10, TimeUnit.SECONDS);
  }

  @Test
  void aConflictIsFinalAndBringsWhatIsRecorded() throws Exception {
    CompletableFuture<Void> recording = record(LONG);
    change().complete(Answer.conflict("version", "there is another"));
    Asked get = asked();
    assertTrue(get.command().isGet());
    SharedState others = SharedState.INITIAL.as(1, "another's");
    get.answer().complete(entry(others));
    assertBusy(recording);
    assertEquals(List.of(others), shared);
  }

  @Test
  void ourOwnChangeIsRecognisedByItsName() throws Exception {
    CompletableFuture<Void> recording = record(LONG);
    change().completeExceptionally(new java.util.concurrent.TimeoutException());
    change().complete(Answer.conflict("epoch", "the owner has changed"));
    asked().answer().complete(entry(NEXT));
    recording.get(10, TimeUnit.SECONDS);
  }

  @Test
  void aConflictIsBusyAlsoWhenNothingMoreIsLearnt() throws Exception {
    CompletableFuture<Void> recording = record(LONG);
    change().complete(Answer.notFound("id", "deleted"));
    asked().answer().completeExceptionally(new java.util.concurrent.TimeoutException());
    assertBusy(recording);
    assertEquals(List.of(), shared);
  }

  @Test
  void itIsGivenUpAtItsBound() throws Exception {
    CompletableFuture<Void> recording = record(Duration.ofMillis(1));
    while (!recording.isDone()) {
      Asked next = questions.poll(10, TimeUnit.MILLISECONDS);
      if (next != null) {
        next.answer().completeExceptionally(new java.util.concurrent.TimeoutException());
      }
    }
    assertBusy(recording);
  }

  /** The way that gateways find one another: the same path, at the address of the member. */
  @Test
  void anotherGatewayIsToldByItsAddress() throws Exception {
    ActorTestKit other = ActorTestKit.create(remoting());
    try {
      SharedTeller.Settings settings =
          new SharedTeller.Settings(Duration.ofSeconds(1), LONG.plus(LONG), LONG.plus(LONG));
      Address address = Cluster.get(other.system()).selfMember().address();
      ActorRef<SharedTeller.Command> teller =
          kit.system()
              .systemActorOf(
                  SharedTeller.create(
                      "p1",
                      settings,
                      () -> List.of(new SharedTeller.Peer("p2", address, true)),
                      id -> Optional.empty()),
                  SharedTeller.NAME,
                  Props.empty());
      var unused =
          other
              .system()
              .systemActorOf(
                  SharedTeller.create("p2", settings, List::of, id -> Optional.of(unit())),
                  SharedTeller.NAME,
                  Props.empty());
      List<Notice> notices = List.of(Notice.reset(NEXUS), Notice.abort(List.of(NEXUS), NEXUS));
      new ClusterPeers(
              kit.system(),
              "gw1",
              "p1",
              LONG,
              this::ask,
              teller,
              id -> Optional.empty(),
              id -> false)
          .tell("u1", NEXT, notices)
          .toCompletableFuture()
          .get(30, TimeUnit.SECONDS);
      assertEquals(List.of(NEXT), shared);
      assertEquals(notices, taken);
    } finally {
      other.shutdownTestKit();
    }
  }
}
