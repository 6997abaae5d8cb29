package io.moongate.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.entity.EntityKit;
import io.moongate.cluster.entity.FakeTerms;
import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.replica.ViewPublisher;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.view.TargetEntry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Commands that are carried out only on a version of their entity. */
class OnVersionTest {
  private static final Duration BOUND = Duration.ofSeconds(10);
  private static ActorTestKit kit;
  private static TestProbe<ViewPublisher.Command> published;
  private final FakeTerms terms = new FakeTerms();
  private final String name = "n" + UUID.randomUUID();

  @BeforeAll
  static void start() {
    kit = ActorTestKit.create(EntityKit.config());
    published = kit.createTestProbe();
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  private ActorRef<Target.Command> target() {
    return kit.spawn(Target.create(name, terms, published.ref(), Clock.systemUTC()));
  }

  private static <C> Answer ask(ActorRef<C> entity, Function<ActorRef<Answer>, C> command) {
    TestProbe<Answer> probe = kit.createTestProbe();
    entity.tell(command.apply(probe.ref()));
    return probe.receiveMessage(BOUND);
  }

  private static TargetEntry entry(Answer answer) {
    return (TargetEntry) assertInstanceOf(Answer.Accepted.class, answer).entry();
  }

  private static Function<ActorRef<Answer>, Target.Command> map(int lun, Long... versions) {
    return to -> new Target.IfVersion(List.of(versions), new Target.MapLun(lun, "u" + lun, to), to);
  }

  @Test
  void anotherVersionIsNotChanged() {
    ActorRef<Target.Command> target = target();
    TargetEntry created =
        entry(ask(target, to -> new Target.Create(List.of(), Optional.empty(), to)));
    TargetEntry mapped = entry(ask(target, map(1, created.version())));
    assertEquals(1, mapped.luns().size());
    Answer.Refused refused =
        assertInstanceOf(Answer.Refused.class, ask(target, map(2, created.version())));
    assertEquals(Kind.OUTDATED, refused.kind());
    assertEquals(mapped, entry(ask(target, Target.Get::new)));
    entry(ask(target, map(2, created.version(), mapped.version())));
  }

  /** Neither waits for the other's answer. */
  @Test
  void ofManyThatKnowTheSameVersionOneChangesIt() {
    ActorRef<Target.Command> target = target();
    long version =
        entry(ask(target, to -> new Target.Create(List.of(), Optional.empty(), to))).version();
    TestProbe<Answer> probe = kit.createTestProbe();
    for (int lun = 0; lun < 20; lun++) {
      target.tell(map(lun, version).apply(probe.ref()));
    }
    int accepted = 0;
    for (int lun = 0; lun < 20; lun++) {
      accepted += probe.receiveMessage(BOUND) instanceof Answer.Accepted ? 1 : 0;
    }
    assertEquals(1, accepted);
    assertEquals(1, entry(ask(target, Target.Get::new)).luns().size());
  }

  static Stream<Class<?>> conditionals() {
    return Stream.of(Target.IfVersion.class, Gateway.IfVersion.class, LogicalUnit.IfVersion.class);
  }

  /** Each kind that may be within comes back as it was. */
  @ParameterizedTest
  @MethodSource("conditionals")
  void whatIsWithinCrossesTheCluster(Class<?> conditional) throws Exception {
    JsonSubTypes kinds = conditional.getDeclaredField("command").getAnnotation(JsonSubTypes.class);
    assertNotNull(kinds);
    Serialization serialization = SerializationExtension.get(kit.system());
    ActorRef<Object> ref = kit.createTestProbe().ref();
    for (JsonSubTypes.Type kind : kinds.value()) {
      for (boolean full : new boolean[] {true, false}) {
        Object command = new Samples(ref, full).of(kind.value());
        Object sample =
            conditional.getDeclaredConstructors()[0].newInstance(
                List.of(1L, Long.MAX_VALUE), command, ref);
        var serializer = serialization.findSerializerFor(sample);
        Object back =
            serialization
                .deserialize(
                    serialization.serialize(sample).get(),
                    serializer.identifier(),
                    Serializers.manifestFor(serializer, sample))
                .get();
        assertTrue(Samples.same(sample, back), () -> sample + "\n" + back);
      }
    }
  }

  private final List<Object> asked = new ArrayList<>();

  private CompletionStage<TargetEntry> entity(
      Function<ActorRef<Answer>, Target.Command> command, boolean accepts) {
    asked.add(command.apply(null));
    return accepts
        ? CompletableFuture.completedStage(at(9))
        : CompletableFuture.failedStage(Answer.conflict("", "no").refusal());
  }

  private CompletionStage<TargetEntry> through(
      Condition condition, String target, Target.Command command, boolean accepts) {
    return condition.ask(
        "target|" + target, to -> command, Condition.TARGET, wrapped -> entity(wrapped, accepts));
  }

  @Test
  void theConditionGoesWithEachCommandUntilOneIsAccepted() {
    Condition condition = Condition.of(new Expected("target|t", List.of(7L)));
    Target.Command get = new Target.Get(null);
    Target.Command delete = new Target.Delete(null);
    Target.Command conditional = new Target.IfVersion(List.of(7L), delete, null);
    through(condition, "other", delete, true);
    through(condition, "t", get, true);
    CompletionStage<TargetEntry> refused = through(condition, "t", delete, false);
    assertTrue(refused.toCompletableFuture().isCompletedExceptionally());
    through(condition, "t", get, true);
    through(condition, "t", delete, true);
    through(condition, "t", delete, true);
    assertEquals(List.of(delete, get, conditional, get, conditional, delete), asked);
    asked.clear();
    through(Condition.NONE, "t", delete, true);
    assertEquals(List.of(delete), asked);
    assertFalse(new Expected("target|t", List.of(7L)).isMetBy(at(8)));
    assertTrue(new Expected("target|u", List.of(7L)).isMetBy(at(8)));
  }

  private static TargetEntry at(long version) {
    return new TargetEntry("t", version, List.of(), Map.of(), false, Instant.EPOCH);
  }
}
