package io.moongate.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromqlTest {

  @Test
  void findsWhatIsAskedFor() {
    List<Promql.Selector> found =
        Promql.selectors(
            "sum by (a, le) (rate(x_bucket{b=~\"c|d\"}[5m])) / on (a) y > 0.5 and z == 1");
    assertEquals(
        List.of(
            new Promql.Selector("x_bucket", true, Set.of("a", "le", "b")),
            new Promql.Selector("y", false, Set.of()),
            new Promql.Selector("z", false, Set.of())),
        found);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "sum(x",
        "x)",
        "rate(x)",
        "x{a}",
        "x{a=b}",
        "x >",
        "sum by a (x)",
        "nosuch(x)",
        "x[5q]",
        "x y"
      })
  void whatIsNoExpressionIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> Promql.selectors(text));
  }
}
