package io.moongate.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.junit.jupiter.api.Test;

/** A history that is much larger than the heap is searched and verified. */
class LongHistoryTest {
  private static final int EVENTS = 1_200;
  private static final int EVENT_BYTES = 32 << 10;
  private static final String HEAP = "-Xmx48m";

  /** What is asked, in a process of its own. */
  public static void main(String[] arguments) {
    ActorSystem system = ActorSystem.create("audit", JournalAccess.serialization());
    try {
      Serialization serialization = SerializationExtension.get(system);
      JournalCodec codec = new JournalCodec(serialization);
      Journal journal = new GrowingJournal(serialization, EVENTS, EVENT_BYTES);
      if (arguments[0].equals("search")) {
        EventSearch search = new EventSearch(journal, codec, firstAndLast());
        search.entity(AuditFixture.unit(GrowingJournal.UNIT));
        search
            .events()
            .forEach(event -> System.out.println(event.type() + " " + event.key().version()));
      } else {
        JournalVerification verification =
            new JournalVerification(journal, codec, Map.of(), System.out::println);
        verification.entity(AuditFixture.unit(GrowingJournal.UNIT));
        System.out.println(verification.events() + " events");
      }
    } finally {
      system.terminate();
    }
  }

  /** Two events that have all the others between them. */
  private static EventQuery firstAndLast() {
    return new EventQuery(
        Optional.of(GrowingJournal.UNIT),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of("ada"),
        Optional.empty(),
        1_000,
        true,
        Optional.empty());
  }

  private static List<String> output(String what) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(HEAP, "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-cp"));
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.addAll(List.of(LongHistoryTest.class.getName(), what));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor(1, TimeUnit.MINUTES);
    assertEquals(0, process.exitValue(), text);
    return text.lines().toList();
  }

  @Test
  void whatLiesBetweenTheEventsOfAPageIsNotHeld() throws Exception {
    assertEquals(List.of("created 1", "owner-served " + EVENTS), output("search"));
  }

  @Test
  void snapshotsAreComparedOneByOne() throws Exception {
    assertEquals(List.of(EVENTS + " events"), output("verify"));
  }
}
