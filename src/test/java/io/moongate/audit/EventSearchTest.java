package io.moongate.audit;

import static io.moongate.audit.AuditFixture.second;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moongate.cluster.target.AccessChange;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.view.ChapEntry;
import io.moongate.cluster.view.InitiatorEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Events are found by all that they can be asked by, each once, in order. */
class EventSearchTest {
  private final AuditFixture fixture = new AuditFixture();

  @BeforeEach
  void write() {
    for (int unit = 0; unit < 7; unit++) {
      fixture.unitWithOwners("u" + unit, 20 + unit);
    }
    HistoryWriter target =
        new HistoryWriter(
            fixture.serialization, EntityKind.TARGET.persistenceId("iqn.a"), fixture.journal::add);
    target.write(new Target.Created("iqn.a", List.of(), second(3), false), AuditFixture.OPERATOR);
    target.write(
        new Target.AccessChanged(
            new AccessChange.InitiatorAllowed(
                "iqn.host",
                new InitiatorEntry(
                    Optional.of(new ChapEntry("host", "SEALED-SECRET")),
                    Optional.empty(),
                    Optional.empty())),
            second(4)),
        AuditFixture.OPERATOR);
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  private record Asked(
      Optional<String> lun,
      Optional<String> target,
      Optional<String> gateway,
      Optional<Instant> from,
      Optional<Instant> to,
      Optional<String> cause,
      Optional<String> actor,
      Optional<String> type) {
    static final Asked ALL =
        new Asked(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    EventQuery query(int limit, boolean ascending, Optional<EventKey> after) {
      return new EventQuery(
          lun, target, gateway, from, to, cause, actor, type, limit, ascending, after);
    }
  }

  private EventPage page(EventQuery query) {
    EventSearch search = new EventSearch(fixture.journal, fixture.codec, query);
    if (query.entity().isPresent()) {
      search.entity(query.entity().get());
    } else if (query.byPlace()) {
      for (int part = 0; part < 3; part++) {
        search.places(part, 3);
      }
    } else {
      fixture
          .journal
          .entities(Long.MIN_VALUE)
          .forEachRemaining(entity -> search.entity(entity.persistenceId()));
    }
    return new EventPage(search.events(), search.next());
  }

  private List<AuditEvent> all(Asked asked, int limit, boolean ascending) {
    List<AuditEvent> all = new ArrayList<>();
    Optional<EventKey> after = Optional.empty();
    do {
      EventPage page = page(asked.query(limit, ascending, after));
      assertTrue(page.events().size() <= limit);
      all.addAll(page.events());
      after = page.next().map(EventKey::cursor).flatMap(EventKey::parse);
    } while (after.isPresent());
    return all;
  }

  @Test
  void everyEventComesOnceHoweverItIsPaged() {
    int events = 2;
    for (int unit = 0; unit < 7; unit++) {
      events += 21 + unit;
    }
    for (int limit : new int[] {1, 7, 1_000}) {
      for (boolean ascending : new boolean[] {true, false}) {
        List<EventKey> keys =
            all(Asked.ALL, limit, ascending).stream().map(AuditEvent::key).toList();
        assertEquals(events, keys.size(), "pages of " + limit);
        Set<EventKey> once = new HashSet<>(keys);
        assertEquals(events, once.size());
        Comparator<EventKey> order = Comparator.naturalOrder();
        assertEquals(keys.stream().sorted(ascending ? order : order.reversed()).toList(), keys);
      }
    }
  }

  private void everyEventOfComesOnce(String id, List<EventKey> written) {
    for (int limit : new int[] {1, 7, 50}) {
      for (boolean ascending : new boolean[] {true, false}) {
        List<EventKey> keys =
            all(Asked.ALL, limit, ascending).stream()
                .map(AuditEvent::key)
                .filter(key -> key.persistenceId().equals(AuditFixture.unit(id)))
                .toList();
        Comparator<EventKey> order = Comparator.naturalOrder();
        assertEquals(
            written.stream().sorted(ascending ? order : order.reversed()).toList(),
            keys,
            "pages of " + limit + (ascending ? " ascending" : " descending"));
      }
    }
  }

  private static List<EventKey> keys(String id, int first, int last, long term, long fromSecond) {
    List<EventKey> keys = new ArrayList<>();
    for (int version = first; version <= last; version++) {
      Instant written = second(fromSecond + version - first);
      keys.add(new EventKey(written, AuditFixture.unit(id), version, term));
    }
    return keys;
  }

  private static void write(HistoryWriter writer, int epoch, int events, long fromSecond) {
    for (int i = 0; i < events; i++) {
      Instant at = second(fromSecond + i);
      writer.write(AuditFixture.chosen("gw1", epoch + i, at), AuditFixture.GW1);
    }
  }

  /** Pages go by when events were written, and clocks differ: not by their order in the journal. */
  @Test
  void eventsOfAGatewayWhoseClockIsFastHideNone() {
    HistoryWriter fast = fixture.writer("clocks");
    fast.write(AuditFixture.created("clocks", second(600)), AuditFixture.OPERATOR);
    write(fast, 1, 170, 601);
    HistoryWriter slow = fast.successor(2);
    write(slow, 171, 170, 300);
    List<EventKey> written = keys("clocks", 1, 171, 1, 600);
    written.addAll(keys("clocks", 172, 341, 2, 300));
    everyEventOfComesOnce("clocks", written);
  }

  /** Of a page's first events many don't count: which, is known only when others are read. */
  @Test
  void eventsOfAStaleIncarnationHideNone() {
    HistoryWriter stale = fixture.writer("stale");
    stale.write(AuditFixture.created("stale", second(0)), AuditFixture.OPERATOR);
    HistoryWriter newer = stale.successor(2);
    write(stale, 1, 240, 1);
    write(newer, 1, 200, 120);
    List<EventKey> written = keys("stale", 1, 1, 1, 0);
    written.addAll(keys("stale", 2, 201, 2, 120));
    everyEventOfComesOnce("stale", written);
  }

  /** The last of a page may be written before those before it, by seconds or by minutes. */
  @Test
  void anEventThatWasWrittenBeforeThoseBeforeItIsFound() {
    for (long ahead : new long[] {3, 90}) {
      String id = "ahead" + ahead;
      HistoryWriter writer = fixture.writer(id);
      writer.write(AuditFixture.created(id, second(0)), AuditFixture.OPERATOR);
      write(writer, 1, 1, 1);
      HistoryWriter fast = writer.successor(2);
      write(fast, 2, 1, 10 + ahead);
      HistoryWriter next = fast.successor(3);
      // Of the fast one, late: it does not count, and ends no reading either.
      write(fast, 3, 2, 11 + ahead);
      write(next, 3, 1, 10);
      List<EventKey> written = keys(id, 1, 2, 1, 0);
      written.addAll(keys(id, 3, 3, 2, 10 + ahead));
      written.addAll(keys(id, 4, 4, 3, 10));
      everyEventOfComesOnce(id, written);
    }
  }

  @Test
  void anEventThatIsNotInTheHistoryWhenItIsReadIsNotLeftOut() {
    HistoryWriter writer = fixture.writer("late");
    writer.write(AuditFixture.created("late", second(0)), AuditFixture.OPERATOR);
    write(writer, 1, 1, 1);
    HistoryWriter next = writer.successor(2);
    write(writer, 2, 1, 2);
    EventQuery query = Asked.ALL.query(1_000, true, Optional.empty());
    EventSearch search = new EventSearch(fixture.journal, fixture.codec, query);
    search.places(0, 1);
    // The next incarnation has not read the last event, and writes another in its place.
    next.write(AuditFixture.served(1, second(3)), AuditFixture.GW1);
    JournalFault fault = assertThrows(JournalFault.class, search::events);
    assertEquals(
        "unit|late: 3 events of versions 1 to 3 were found, and its history has 2 of them",
        fault.getMessage());
  }

  @Test
  void eventsAreOfTheLunTargetOrGatewayThatIsAskedFor() {
    Asked ofLun =
        new Asked(Optional.of("u3"), none(), none(), nil(), nil(), none(), none(), none());
    assertEquals(24, all(ofLun, 10, false).size());
    Asked ofTarget =
        new Asked(none(), Optional.of("iqn.a"), none(), nil(), nil(), none(), none(), none());
    assertEquals(2, all(ofTarget, 10, false).size());
    Asked ofGateway =
        new Asked(
            Optional.of("u3"), none(), Optional.of("gw2"), nil(), nil(), none(), none(), none());
    List<AuditEvent> named = all(ofGateway, 10, true);
    assertEquals(8, named.size(), "epochs 1, 4, ... 22");
    Asked unknown =
        new Asked(Optional.of("no such"), none(), none(), nil(), nil(), none(), none(), none());
    assertEquals(List.of(), all(unknown, 10, false));
  }

  @Test
  void eventsAreOfTheTimeCauseActorAndTypeThatIsAskedFor() {
    Asked timed =
        new Asked(
            none(),
            none(),
            none(),
            Optional.of(second(2)),
            Optional.of(second(5)),
            none(),
            none(),
            none());
    assertEquals(3 * 7 + 2, all(timed, 4, false).size());
    Asked created =
        new Asked(none(), none(), none(), nil(), nil(), none(), none(), Optional.of("created"));
    assertEquals(8, all(created, 3, true).size());
    Asked caused =
        new Asked(
            none(), none(), none(), nil(), nil(), Optional.of("Gateway GONE"), none(), none());
    assertEquals(7 * 23, all(caused, 50, true).size());
    for (String who : List.of("ada", "192.0.2.7")) {
      Asked byOperator =
          new Asked(none(), none(), none(), nil(), nil(), none(), Optional.of(who), none());
      assertEquals(9, all(byOperator, 5, true).size());
    }
    Asked byGateway =
        new Asked(none(), none(), none(), nil(), nil(), none(), Optional.of("gw1"), none());
    assertEquals(7 * 23, all(byGateway, 50, true).size());
    Asked throughGateway =
        new Asked(none(), none(), none(), nil(), nil(), none(), Optional.of("gw2"), none());
    assertEquals(0, all(throughGateway, 50, true).size(), "who was only asked did not decide");
  }

  @Test
  void anEventSaysWhoWhenWhatWhyAndWhatWasBeforeAndAfter() {
    Asked ofLun =
        new Asked(Optional.of("u0"), none(), none(), nil(), nil(), none(), none(), none());
    List<AuditEvent> events = all(ofLun, 100, true);
    ObjectNode first = EventJson.of(events.get(0));
    assertTrue(first.get("before").isNull());
    assertEquals("lun", first.get("entity").textValue());
    assertEquals("ada", first.get("by").get("user").textValue());
    ObjectNode third = EventJson.of(events.get(2));
    assertEquals("owner-chosen", third.get("type").textValue());
    assertEquals("gateway gone", third.get("cause").textValue());
    assertEquals("process-gone", third.get("evidence").get(0).get("kind").textValue());
    assertEquals("gw1", third.get("by").get("gateway").textValue());
    assertTrue(third.get("by").get("user").isNull());
    assertEquals(second(2).toString(), third.get("at").textValue());
    assertEquals("gw2", third.get("before").get("ownership").get("owner").textValue());
    assertEquals("gw3", third.get("after").get("ownership").get("owner").textValue());
    assertEquals(64, third.get("digest").textValue().length());
    assertTrue(third.get("after").get("naa").textValue().startsWith("3"), third::toString);
  }

  @Test
  void secretsAreNotShownEvenSealed() {
    Asked ofTarget =
        new Asked(none(), Optional.of("iqn.a"), none(), nil(), nil(), none(), none(), none());
    for (AuditEvent event : all(ofTarget, 10, true)) {
      String json = EventJson.of(event).toString();
      assertFalse(json.contains("SEALED"), json);
      assertFalse(json.contains("sealed"), json);
    }
    ObjectNode allowed = EventJson.of(all(ofTarget, 10, true).get(1));
    assertTrue(allowed.toString().contains("\"user\":\"host\""), allowed::toString);
  }

  @Test
  void aCursorThatIsNoneIsRecognised() {
    assertEquals(Optional.empty(), EventKey.parse("?"));
    assertEquals(Optional.empty(), EventKey.parse("YWJj"));
    EventKey key = new EventKey(second(1), "unit|with spaces and |", 3, 4);
    assertEquals(Optional.of(key), EventKey.parse(key.cursor()));
  }

  private static Optional<String> none() {
    return Optional.empty();
  }

  private static Optional<Instant> nil() {
    return Optional.empty();
  }
}
