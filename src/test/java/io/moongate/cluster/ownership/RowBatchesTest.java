package io.moongate.cluster.ownership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.unit.OwnershipRows;
import io.moongate.cluster.unit.OwnershipRows.Row;
import io.moongate.cluster.unit.OwnershipRows.TakeOver;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** How units are put together into transactions, and how many of those are under way. */
class RowBatchesTest {
  private static final Row MINE = new Row(2, "gw2", "gw2-p1", true);

  private record Asked(List<TakeOver> units, CompletableFuture<Map<String, Row>> answer) {
    int group() {
      return OwnershipRows.group(units.get(0).unitId());
    }

    List<String> ids() {
      return units.stream().map(TakeOver::unitId).toList();
    }

    void grant() {
      Map<String, Row> rows = new HashMap<>();
      units.forEach(unit -> rows.put(unit.unitId(), unit.proposed()));
      answer.complete(rows);
    }
  }

  private static final class Rows implements OwnershipRows {
    final BlockingQueue<Asked> asked = new LinkedBlockingQueue<>();

    @Override
    public CompletionStage<Map<String, Row>> takeOver(List<TakeOver> units) {
      Asked transaction = new Asked(List.copyOf(units), new CompletableFuture<>());
      asked.add(transaction);
      return transaction.answer();
    }

    @Override
    public CompletionStage<Row> claim(
        String unitId, Row proposed, long sharedVersion, String cause) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Optional<Row>> raise(String unitId, long epoch, long sharedVersion) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Optional<Row>> read(String unitId) {
      throw new UnsupportedOperationException();
    }
  }

  private final Rows rows = new Rows();
  private boolean lease = true;
  private final RowBatches batches = new RowBatches(rows, "gw2", () -> lease, Timer.SYSTEM);
  private final Map<String, Row> answers = new HashMap<>();
  private final Map<String, Throwable> failures = new HashMap<>();
  private final List<CompletableFuture<Void>> times = new ArrayList<>();

  private void add(String unitId) {
    add(unitId, 0);
  }

  private void add(String unitId, long sharedVersion) {
    times.add(
        batches
            .add(
                new TakeOver(unitId, MINE, sharedVersion, "test"),
                (row, failure) -> {
                  answers.put(unitId, row);
                  failures.put(unitId, failure);
                })
            .toCompletableFuture());
  }

  private static List<String> ofGroup(int group, int count) {
    List<String> ids = new ArrayList<>();
    for (int number = 0; ids.size() < count; number++) {
      if (OwnershipRows.group("u" + number) == group) {
        ids.add("u" + number);
      }
    }
    return ids;
  }

  /** It says where the row of a unit is: it can't change any more. */
  @Test
  void theGroupOfAUnitIsForEver() {
    assertEquals(32, OwnershipRows.GROUPS);
    // CRC-32C of "123456789" is E3069283h.
    assertEquals(0xE3069283L % 32, OwnershipRows.group("123456789"));
    Set<Integer> groups = new HashSet<>();
    for (int number = 0; number < 1000; number++) {
      groups.add(OwnershipRows.group("u" + number));
    }
    assertEquals(32, groups.size());
  }

  @Test
  void unitsOfOneGroupGoTogether() {
    ofGroup(5, 3).forEach(this::add);
    assertEquals(0, rows.asked.size(), "before it is said that these are all");
    batches.send();
    Asked asked = rows.asked.remove();
    assertEquals(ofGroup(5, 3), asked.ids());
    assertFalse(times.get(0).isDone());
    asked.grant();
    assertEquals(MINE, answers.get(ofGroup(5, 1).get(0)));
    times.forEach(time -> assertTrue(time.isDone()));
    assertEquals(0, rows.asked.size());
  }

  @Test
  void oneTransactionAtATimeOnAGroupAndFewOverAll() {
    for (int group = 0; group < OwnershipRows.GROUPS; group++) {
      ofGroup(group, 2).forEach(this::add);
    }
    batches.send();
    assertEquals(RowBatches.AT_ONCE, rows.asked.size());
    add(ofGroup(rows.asked.element().group(), 3).get(2));
    batches.send();
    assertEquals(RowBatches.AT_ONCE, rows.asked.size(), "its group is busy");
    Set<Integer> groups = new HashSet<>();
    int transactions = 0;
    while (!rows.asked.isEmpty()) {
      Asked asked = rows.asked.remove();
      groups.add(asked.group());
      transactions++;
      asked.grant();
      assertTrue(rows.asked.size() <= RowBatches.AT_ONCE);
    }
    assertEquals(OwnershipRows.GROUPS, groups.size());
    assertEquals(OwnershipRows.GROUPS + 1, transactions);
    assertEquals(2 * OwnershipRows.GROUPS + 1, answers.size());
  }

  @Test
  void gatewaysGoThroughTheGroupsInOrdersOfTheirOwn() {
    List<List<Integer>> orders = new ArrayList<>();
    for (String gateway : List.of("gw1", "gw2", "gw3")) {
      RowBatches of = new RowBatches(rows, gateway, () -> true, Timer.SYSTEM);
      for (int group = 0; group < OwnershipRows.GROUPS; group++) {
        TakeOver unit = new TakeOver(ofGroup(group, 1).get(0), MINE, 0, "test");
        var unused = of.add(unit, (row, failure) -> {});
      }
      of.send();
      List<Integer> order = new ArrayList<>();
      while (!rows.asked.isEmpty()) {
        Asked asked = rows.asked.remove();
        order.add(asked.group());
        asked.grant();
      }
      orders.add(order);
    }
    assertEquals(3, new HashSet<>(orders).size(), orders::toString);
  }

  @Test
  void aTransactionIsOfABoundedSizeAndHasAUnitOnce() {
    List<String> ids = ofGroup(9, RowBatches.LARGEST + 1);
    ids.forEach(this::add);
    add(ids.get(0), 1);
    batches.send();
    Asked first = rows.asked.remove();
    assertEquals(RowBatches.LARGEST, first.units().size());
    first.grant();
    Asked second = rows.asked.remove();
    assertEquals(List.of(ids.get(RowBatches.LARGEST), ids.get(0)), second.ids());
  }

  @Test
  void whatFailsFailsForAllOfItAndTheNextGoOn() {
    ofGroup(1, 2).forEach(this::add);
    batches.send();
    add(ofGroup(1, 3).get(2));
    rows.asked.remove().answer().completeExceptionally(new IllegalStateException("no answer"));
    assertEquals(2, failures.size());
    failures.values().forEach(failure -> assertInstanceOf(IllegalStateException.class, failure));
    rows.asked.remove().answer().complete(Map.of());
    assertInstanceOf(
        IllegalStateException.class, failures.get(ofGroup(1, 3).get(2)), "it has no row");
  }

  @Test
  void withoutALeaseNothingIsSent() {
    ofGroup(1, 2).forEach(this::add);
    lease = false;
    batches.send();
    assertEquals(0, rows.asked.size());
    assertEquals(2, failures.size());
  }

  /** It changes nothing, so it needs no lease. */
  @Test
  void aRehearsalIsNoneOfTheBatches() {
    lease = false;
    batches.rehearse(new TakeOver("nobody", MINE, 0, "rehearsal"));
    assertEquals(List.of("nobody"), rows.asked.remove().ids());
    lease = true;
    add("nobody");
    batches.send();
    assertEquals(List.of("nobody"), rows.asked.remove().ids(), "its group is not busy");
  }

  @Test
  void whoeverWaitsForARowWaitsForAWhile() throws Exception {
    add("u1");
    batches.send();
    times.get(0).get(10, TimeUnit.SECONDS);
    assertTrue(answers.isEmpty());
  }

  @Test
  void aUnitThatIsNeverSentIsGivenBack() throws Exception {
    List<String> ids = ofGroup(1, RowBatches.LARGEST + 1);
    ids.forEach(this::add);
    batches.send();
    String last = ids.get(RowBatches.LARGEST);
    times.get(RowBatches.LARGEST).get(10, TimeUnit.SECONDS);
    assertInstanceOf(TimeoutException.class, failures.get(last));
    rows.asked.remove().grant();
    assertEquals(0, rows.asked.size(), "nobody waits for it any more");
  }
}
