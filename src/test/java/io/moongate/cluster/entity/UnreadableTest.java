package io.moongate.cluster.entity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import io.moongate.cluster.Answer;
import io.moongate.cluster.replica.ViewPublisher;
import io.moongate.cluster.target.Target;
import io.moongate.management.LogCapture;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What an entity does with events that a newer version has written into its history. */
class UnreadableTest {
  private static final ObjectMapper CBOR = new ObjectMapper(new CBORFactory());
  private static final Duration BOUND = Duration.ofSeconds(30);

  /** The row of the second event: each is followed by a mark. */
  private static final long SECOND = 3;

  private static ActorTestKit kit;
  private static TestProbe<ViewPublisher.Command> published;

  private final FakeTerms terms = new FakeTerms();
  private final String name = "iqn." + UUID.randomUUID();
  private final String id = Target.persistenceId(name).id();

  @BeforeAll
  static void start() {
    kit = ActorTestKit.create(EntityKit.config());
    published = kit.createTestProbe();
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  private ActorRef<Target.Command> incarnation() {
    return kit.spawn(Target.create(name, terms, published.ref(), Clock.systemUTC()));
  }

  private static Answer ask(
      ActorRef<Target.Command> target, Function<ActorRef<Answer>, Target.Command> command) {
    TestProbe<Answer> probe = kit.createTestProbe();
    target.tell(command.apply(probe.ref()));
    return probe.receiveMessage(BOUND);
  }

  /** A target with a LUN, not running. */
  private void past() {
    ActorRef<Target.Command> target = incarnation();
    ask(target, to -> new Target.Create(List.of(), Optional.empty(), to));
    ask(target, to -> new Target.MapLun(0, "u", to));
    kit.stop(target);
  }

  private void rewrite(Function<String, String> manifest, Consumer<ObjectNode> change)
      throws IOException {
    ChainDigest.Stored stored =
        SharedJournal.stored(id).stream()
            .filter(row -> row.sequenceNr() == SECOND)
            .findFirst()
            .orElseThrow()
            .bytes();
    ObjectNode kept = (ObjectNode) CBOR.readTree(stored.bytes());
    change.accept(kept);
    SharedJournal.rewrite(
        id,
        SECOND,
        new ChainDigest.Stored(
            stored.serializerId(),
            manifest.apply(stored.serializerManifest()),
            CBOR.writeValueAsBytes(kept)));
  }

  static Stream<Arguments> newer() {
    Function<String, String> same = Function.identity();
    return Stream.of(
        newer("field tenant of", same, kept -> kept.put("tenant", "blue")),
        newer("field mode of", same, kept -> event(kept).put("mode", "lazy")),
        newer("field seconds of", same, kept -> event(kept).put("seconds", 0.5)),
        newer("field frozen of", same, kept -> event(kept).put("frozen", true)),
        newer("field tags of", same, kept -> event(kept).putArray("tags").add("a")),
        newer("field bounds of", same, kept -> event(kept).putObject("bounds").putNull("least")),
        newer("field by of", same, kept -> ((ObjectNode) kept.get("by")).put("by", "x")),
        newer("'lun-frozen'", same, kept -> event(kept).put("event", "lun-frozen")),
        newer(
            "Target$Superseded",
            manifest -> manifest.replace("Target$Kept", "Target$Superseded"),
            kept -> {}));
  }

  private static Arguments newer(
      String named, Function<String, String> manifest, Consumer<ObjectNode> change) {
    return Arguments.of(named, manifest, change);
  }

  private static ObjectNode event(ObjectNode kept) {
    return (ObjectNode) kept.get("event");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("newer")
  void whatItDoesNotKnowStopsItWithItsNameAndChangesNothing(
      String named, Function<String, String> manifest, Consumer<ObjectNode> change)
      throws IOException {
    past();
    rewrite(manifest, change);
    int rows = SharedJournal.rows(id);
    for (int attempt = 0; attempt < 2; attempt++) {
      try (LogCapture log = new LogCapture()) {
        TestProbe<Answer> probe = kit.createTestProbe();
        ActorRef<Target.Command> target = incarnation();
        target.tell(new Target.Delete(probe.ref()));
        probe.expectTerminated(target, BOUND);
        List<String> said =
            log.lines().stream()
                .filter(line -> line.contains("event=entity-unreadable entity=" + id))
                .toList();
        assertEquals(1, said.size(), said::toString);
        assertTrue(said.get(0).contains(named), () -> said.get(0));
        assertTrue(said.get(0).contains("a newer one"), () -> said.get(0));
      }
    }
    assertEquals(rows, SharedJournal.rows(id));
  }

  @Test
  void itIsKnownForAsLongAsItCanNotBeRead() throws IOException {
    past();
    rewrite(Function.identity(), kept -> kept.put("tenant", "blue"));
    ActorRef<Target.Command> target = incarnation();
    kit.createTestProbe().expectTerminated(target, BOUND);
    String reason = UnreadableEntities.get(kit.system()).reasons().get(id);
    assertTrue(reason.contains("tenant"), reason);
    rewrite(Function.identity(), kept -> kept.remove("tenant"));
    ask(incarnation(), Target.Get::new);
    assertFalse(UnreadableEntities.get(kit.system()).reasons().containsKey(id));
  }

  /** What a newer version writes that uses nothing new. */
  @Test
  void fieldsThatSayNothingAreNoLoss() throws IOException {
    past();
    rewrite(
        Function.identity(),
        kept -> {
          kept.putNull("tenant").put("frozen", false).put("count", 0);
          event(kept).put("mode", "").putArray("tags");
          event(kept).putObject("bounds");
          event(kept).put("seconds", 0.0);
        });
    Answer answer = ask(incarnation(), Target.Get::new);
    assertInstanceOf(Answer.Accepted.class, answer);
  }
}
