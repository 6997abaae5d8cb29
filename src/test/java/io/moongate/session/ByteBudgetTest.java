package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ByteBudgetTest {
  private static final long LIMIT = 32 << 20;

  private final ByteBudget budget = new ByteBudget(LIMIT);

  private Ledger ledger() {
    return new Ledger(LIMIT, budget, () -> {});
  }

  @ParameterizedTest
  @CsvSource({"1, 65536", "2, 65536", "16, 65536", "1000, 65536", "16, 1048576", "1000, 1048576"})
  void whoeverComesNextFindsSomethingLeft(int hoarders, long piece) {
    List<Ledger> all = new ArrayList<>();
    for (int i = 0; i < hoarders; i++) {
      all.add(ledger());
    }
    boolean taken = true;
    while (taken) {
      taken = false;
      for (Ledger hoarder : all) {
        taken |= hoarder.reserve(piece);
        hoarder.woken();
      }
    }
    assertTrue(budget.used() <= LIMIT - piece, "used " + budget.used());
    assertTrue(budget.used() >= LIMIT / 2 - piece, "used " + budget.used());
    for (int i = 0; i < 5; i++) {
      Ledger next = ledger();
      assertTrue(next.reserve(4096));
      next.close();
    }
    all.forEach(Ledger::close);
    assertEquals(0, budget.used());
  }

  @Test
  void oneThatIsLargerThanAllFitsAlone() {
    Ledger one = ledger();
    assertTrue(one.reserve(2 * LIMIT));
    assertFalse(ledger().reserve(1));
  }

  @Test
  void theFirstOfALargeOneNeedNotLeaveAsMuch() {
    assertTrue(ledger().reserve(1));
    Ledger large = ledger();
    assertTrue(large.reserve(LIMIT / 4 * 3));
    assertFalse(large.reserve(1), "nor is it given any more then");
  }
}
