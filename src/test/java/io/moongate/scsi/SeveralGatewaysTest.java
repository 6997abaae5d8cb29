package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.NEXUS;
import static io.moongate.scsi.UnitFixture.OTHER;
import static io.moongate.scsi.UnitFixture.assertSense;
import static io.moongate.scsi.UnitFixture.blocks;
import static io.moongate.scsi.UnitFixture.states;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.moongate.scsi.LogicalUnit.TaskManagement;
import io.moongate.scsi.UnitFixture.Outcome;
import io.moongate.scsi.reservation.Reservations;
import io.moongate.scsi.shared.ModeValues;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.scsi.task.NotExecuted;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One logical unit on its owner and on another gateway, which tell one another. */
class SeveralGatewaysTest {
  private static final String READY = "00 00 00 00 00 00";
  private static final String READ = "28 00 00000000 00 0001 00";
  private static final String WRITE = "2a 00 00000000 00 0001 00";

  /** The other gateway's own nexus. */
  private static final Nexus FAR =
      new Nexus("iqn.2026-01.io.host:c", 0x40_0001_0003_00L, UnitFixture.TARGET, 2);

  private final List<BlockUnit> units = new ArrayList<>();
  private final List<SharedState> recorded = new ArrayList<>();
  private boolean cassandra = true;
  private CompletableFuture<Void> late = CompletableFuture.completedFuture(null);
  private boolean reachable = true;

  private final UnitFixture owner = new UnitFixture(peers(0));
  private final UnitFixture other = new UnitFixture(peers(1));

  private UnitPeers peers(int self) {
    return new UnitPeers() {
      @Override
      public CompletionStage<Void> record(
          String unitId, long epoch, SharedState next, String cause) {
        if (!cassandra) {
          return CompletableFuture.failedStage(NotExecuted.INSTANCE);
        }
        assertEquals(5, epoch);
        recorded.add(next);
        return late;
      }

      @Override
      public CompletionStage<Void> tell(String unitId, SharedState state, List<Notice> notices) {
        if (!reachable) {
          return CompletableFuture.failedStage(new IllegalStateException("still at it"));
        }
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < units.size(); i++) {
          if (i != self) {
            BlockUnit unit = units.get(i);
            unit.share(state);
            notices.forEach(notice -> all.add(unit.take(notice).toCompletableFuture()));
          }
        }
        return CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new));
      }
    };
  }

  @BeforeEach
  void serve() {
    owner.served();
    other.unit.publish(
        states(1, 5, true),
        new Route.Remote(
            (id, epoch, command, reply) -> owner.unit.executeRelayed(epoch, command, reply)));
    units.add(owner.unit);
    units.add(other.unit);
    owner.unit.attach(NEXUS);
    owner.unit.attach(OTHER);
    other.unit.attach(FAR);
    ready(owner, NEXUS);
    ready(owner, OTHER);
    ready(other, FAR);
  }

  private static Response ready(UnitFixture gateway, Nexus nexus) {
    return start(gateway, nexus, READY).response();
  }

  private static Outcome start(UnitFixture gateway, Nexus nexus, String cdb, byte... data) {
    return gateway.start(gateway.command(nexus, TaskAttribute.SIMPLE, cdb, data));
  }

  private static List<Boolean> manage(UnitFixture gateway, TaskManagement function, Nexus nexus) {
    List<Boolean> done = new ArrayList<>();
    gateway.unit.manage(function, nexus, 0, done::add);
    return done;
  }

  @Test
  void aResetThroughOneGatewayIsToldThroughEach() {
    for (UnitFixture through : List.of(owner, other)) {
      for (TaskManagement function :
          List.of(TaskManagement.LOGICAL_UNIT_RESET, TaskManagement.TARGET_RESET)) {
        assertEquals(List.of(true), manage(through, function, through == owner ? NEXUS : FAR));
        assertSense("06/2903", ready(owner, NEXUS));
        assertSense("06/2903", ready(owner, OTHER));
        assertSense("06/2903", ready(other, FAR));
        assertEquals(Status.GOOD, ready(other, FAR).status());
      }
    }
    assertEquals(List.of(), recorded, "nothing to record");
  }

  @Test
  void aResetIsDoneWhenNothingRunsAnyMoreOnAnyGateway() {
    owner.volume.hold();
    Outcome far = start(other, FAR, WRITE, blocks(1, 1));
    Outcome near = start(owner, NEXUS, READ);
    List<Boolean> done = manage(other, TaskManagement.LOGICAL_UNIT_RESET, FAR);
    assertEquals(List.of(), done);
    owner.volume.completeNext();
    assertEquals(List.of(true), done);
    assertFalse(far.ended());
    assertFalse(near.ended());
    assertEquals(1, owner.volume.started.size(), "what waited was dropped at the owner");
  }

  @Test
  void whoseCommandsWereClearedIsToldThroughHisGateway() {
    owner.volume.hold();
    Outcome far = start(other, FAR, WRITE, blocks(1, 1));
    List<Boolean> done = manage(owner, TaskManagement.CLEAR_TASK_SET, NEXUS);
    assertEquals(List.of(), done);
    owner.volume.completeNext();
    assertEquals(List.of(true), done);
    assertFalse(far.ended());
    assertSense("06/2f00", ready(other, FAR));
    assertEquals(Status.GOOD, ready(owner, NEXUS).status());
    assertEquals(Status.GOOD, ready(owner, OTHER).status(), "had none");
  }

  @Test
  void preemptingAbortsWhatTheOtherGatewayRelayed() {
    owner.volume.hold();
    Outcome far = start(other, FAR, WRITE, blocks(1, 1));
    Outcome near = start(owner, NEXUS, "28 00 00000010 00 0001 00");
    Notice abort = Notice.abort(List.of(FAR), NEXUS);
    CompletableFuture<Void> here = owner.unit.take(abort).toCompletableFuture();
    CompletableFuture<Void> there = other.unit.take(abort).toCompletableFuture();
    assertFalse(here.isDone() || there.isDone());
    owner.volume.completeNext();
    here.join();
    there.join();
    assertFalse(far.ended());
    owner.volume.completeNext();
    near.assertGood();
  }

  /** As the owner and the other gateway know it after changes. */
  private void shared(SharedState state) {
    units.forEach(unit -> unit.share(state));
  }

  private static SharedState held() {
    return SharedState.INITIAL
        .with(new Reservations(0, false, List.of(), null, null, FAR))
        .with(new ModeValues(true, false))
        .as(3, "before");
  }

  @Test
  void theOwnerReleasesAndReturnsToWhatIsSaved() {
    shared(held());
    assertEquals(List.of(true), manage(other, TaskManagement.LOGICAL_UNIT_RESET, FAR));
    assertEquals(1, recorded.size());
    SharedState after = recorded.get(0);
    assertEquals(4, after.version());
    assertEquals(null, after.reservations().basicHolder());
    assertEquals(ModeValues.DEFAULT, after.modes());
    manage(owner, TaskManagement.LOGICAL_UNIT_RESET, NEXUS);
    assertEquals(1, recorded.size(), "nothing more to record");
  }

  @Test
  void aChangeThatIsBeingRecordedComesBeforeTheReset() {
    late = new CompletableFuture<>();
    List<Boolean> first = manage(owner, TaskManagement.LOGICAL_UNIT_RESET, NEXUS);
    assertEquals(List.of(true), first, "nothing to record");
    shared(held());
    List<Boolean> second = manage(owner, TaskManagement.LOGICAL_UNIT_RESET, NEXUS);
    List<Boolean> third = manage(other, TaskManagement.LOGICAL_UNIT_RESET, FAR);
    assertEquals(List.of(), second);
    assertEquals(List.of(), third);
    late.complete(null);
    assertEquals(List.of(true), second);
    assertEquals(List.of(true), third);
    assertEquals(1, recorded.size());
  }

  @Test
  void withoutCassandraResetsAreDoneUnlessThereIsSomethingToRecord() {
    cassandra = false;
    assertEquals(List.of(true), manage(other, TaskManagement.LOGICAL_UNIT_RESET, FAR));
    assertSense("06/2903", ready(owner, OTHER));
    ready(owner, NEXUS);
    ready(other, FAR);
    shared(held());
    assertEquals(List.of(false), manage(other, TaskManagement.LOGICAL_UNIT_RESET, FAR));
    assertSense("06/2903", ready(owner, OTHER));
    cassandra = true;
    assertEquals(List.of(true), manage(owner, TaskManagement.LOGICAL_UNIT_RESET, NEXUS));
  }

  @Test
  void whileNobodyServesThereIsNobodyToRelease() {
    shared(held());
    owner.transition(2, 6);
    assertEquals(List.of(false), manage(other, TaskManagement.LOGICAL_UNIT_RESET, FAR));
    assertEquals(List.of(), recorded);
  }

  @Test
  void withoutItsLeaseTheOwnerRecordsNothing() {
    shared(held());
    owner.leased = false;
    assertEquals(List.of(false), manage(owner, TaskManagement.LOGICAL_UNIT_RESET, NEXUS));
    assertEquals(List.of(), recorded);
  }

  @Test
  void whatIsNotDoneEverywhereIsNotSaidToBe() {
    reachable = false;
    assertEquals(List.of(false), manage(owner, TaskManagement.CLEAR_TASK_SET, NEXUS));
    assertEquals(List.of(false), manage(owner, TaskManagement.LOGICAL_UNIT_RESET, NEXUS));
  }
}
