package io.moongate.multinode.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the console makes of a stream that breaks, and of events that come in no order. */
class ConsoleStreamIT extends OnFakeCluster {
  private static final List<String> EVERYTHING = List.of("gateways", "targets", "luns", "paths");

  private long fetched(String resource) {
    return gateway.read.stream().filter(each -> each.equals(resource)).count();
  }

  private List<Long> fetched() {
    return EVERYTHING.stream().map(this::fetched).toList();
  }

  private void failedOver() {
    browser.await(
        "fake-1/0 to be owned by gw1", () -> browser.label(lun("fake-1/0")).contains("owner gw1"));
    browser.await(
        "the paths through gw2 to be gone", () -> browser.count(".wire.state-unavailable") == 16);
    browser.await("the console to be live", () -> browser.text("#status").startsWith("Live"));
  }

  @Test
  void afterABreakTheStreamGoesOn() {
    show("viewer");
    cluster.units.values().stream()
        .limit(1)
        .forEach(unit -> gateway.streams.tell("operation", operation(unit)));
    browser.await("an operation", () -> browser.text("#overview").contains("1operation"));
    List<Long> before = fetched();
    String last = gateway.streams.last();
    gateway.streams.breakWhile(() -> gateway.fail("gw2"));
    failedOver();
    assertEquals(last, gateway.streams.asked());
    assertEquals(before, fetched(), "nothing is fetched anew");
    assertTrue(browser.text("#overview").contains("0operations"), "but what no change tells");
    // Once more, so that what was told after a break counts as well.
    String then = gateway.streams.last();
    assertNotEquals(last, then);
    gateway.streams.breakWhile(() -> {});
    browser.await("it to go on", () -> gateway.streams.asked().equals(then));
    assertEquals(before, fetched());
  }

  private static ObjectNode operation(ObjectNode unit) {
    ObjectNode operation = FakeCluster.JSON.createObjectNode();
    operation.put("id", "move-" + unit.get("id").textValue()).put("kind", "move");
    return operation
        .put("gateway", "gw1")
        .put("from", "gw2")
        .put("unit", unit.get("id").textValue())
        .putNull("remaining")
        .put("since", Instant.now().toString())
        .put("cause", "moved")
        .put("cancellable", true);
  }

  @Test
  void whatIsNotKeptAnyMoreIsFetchedAnew() {
    show("viewer");
    List<Long> before = fetched();
    gateway.streams.breakWhile(
        () -> {
          gateway.fail("gw2");
          gateway.streams.forget();
        });
    failedOver();
    assertEquals(before.stream().map(times -> times + 1).toList(), fetched());
  }

  /** Whoever does not go on where it was asked to has left something out. */
  @Test
  void aStreamThatBeginsElsewhereIsNotTaken() {
    show("viewer");
    List<Long> before = fetched();
    gateway.streams.breakWhile(
        () -> {
          gateway.fail("gw2");
          gateway.streams.passOver();
        });
    failedOver();
    assertEquals(before.stream().map(times -> times + 1).toList(), fetched());
  }

  @Test
  void whatCouldNotBeTakenIsFetchedAnew() {
    show("viewer");
    List<Long> before = fetched();
    ObjectNode broken;
    synchronized (cluster) {
      cluster.fail("gw2", Instant.now());
      broken = cluster.targets.values().iterator().next().deepCopy();
    }
    broken.remove("luns");
    gateway.streams.tell("target", broken);
    failedOver();
    assertEquals(before.stream().map(times -> times + 1).toList(), fetched());
  }

  /** Events are written in another order than that of their instants, and all are gone over. */
  @Test
  void theReplayGoesOverEveryEventInOrder() throws Exception {
    List<FakeCluster.Event> shuffled = new ArrayList<>(cluster.events);
    FakeCluster.Event last = shuffled.remove(shuffled.size() - 1);
    shuffled.add(1, last);
    cluster.events.clear();
    cluster.events.addAll(shuffled);
    show("viewer");
    browser.events();
    List<String> instants = new ArrayList<>();
    for (int i = 0; i < shuffled.size(); i++) {
      browser.type("[");
      String shown = browser.text("#timeline output");
      browser.await("that instant", () -> browser.text("#banner").contains(shown));
      instants.add(0, shown);
    }
    List<Instant> expected = shuffled.stream().map(FakeCluster.Event::at).sorted().toList();
    assertEquals(expected.size(), instants.stream().distinct().count(), instants::toString);
    assertEquals(instants.stream().sorted().toList(), instants);
    List<String> heard = new ArrayList<>();
    Object texts =
        browser.script(
            "return [...document.querySelectorAll('#events .what time')].map(e => e.dateTime)");
    ((List<?>) texts).forEach(text -> heard.add(0, text.toString()));
    assertEquals(expected.stream().map(Instant::toString).toList(), heard, "the list too");
  }

  /** Not all that is on record is told as it happens: the range is read again. */
  @Test
  void whatWasNotToldIsReplayedToo() throws Exception {
    show("viewer");
    int before = browser.events();
    synchronized (cluster) {
      ObjectNode json = cluster.events.get(0).json().deepCopy();
      Instant at = Instant.now();
      json.put("id", "quiet").put("at", at.toString());
      cluster.events.add(new FakeCluster.Event(json, at));
    }
    // As if the page had been open for a while.
    browser.script("const now = Date.now; Date.now = () => now() + 20000");
    browser.type("[");
    browser.await("the event", () -> browser.events() != before);
    assertEquals(before + 1, browser.events());
  }
}
