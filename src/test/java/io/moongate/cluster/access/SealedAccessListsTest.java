package io.moongate.cluster.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.Answer;
import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.access.AccessLists.Wanted;
import io.moongate.cluster.access.ChapSecrets.Purpose;
import io.moongate.cluster.entity.EntityKit;
import io.moongate.cluster.entity.FakeTerms;
import io.moongate.cluster.replica.ViewPublisher;
import io.moongate.cluster.target.AccessChange;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.view.ChapEntry;
import io.moongate.cluster.view.TargetAccess;
import io.moongate.cluster.view.TargetEntry;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What depends on a secret is judged before the entity is asked, which never sees one. */
class SealedAccessListsTest {
  private static final String HOST = "iqn.2026-11.example:host";
  private static final String ONE = "first secret of them";
  private static final String TWO = "second secret of them";

  private static ActorTestKit kit;
  private static TestProbe<ViewPublisher.Command> published;

  @TempDir Path directory;
  private final String name = "iqn.2026-11.io.moongate:" + UUID.randomUUID();
  private final Deque<Runnable> beforeChanges = new ArrayDeque<>();
  private ActorRef<Target.Command> target;
  private ChapSecrets secrets;
  private AccessLists lists;

  @BeforeAll
  static void start() {
    kit = ActorTestKit.create(EntityKit.config());
    published = kit.createTestProbe();
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  @BeforeEach
  void create() throws Exception {
    target = kit.spawn(Target.create(name, new FakeTerms(), published.ref(), Clock.systemUTC()));
    secrets = new ChapSecrets(Optional.of(KeyFiles.make(directory.resolve("key"))));
    lists = new SealedAccessLists(secrets, this::ask);
    done(ask(name, to -> new Target.Create(List.of(), Optional.empty(), to)));
  }

  private CompletionStage<TargetEntry> ask(
      String ofTarget, Function<ActorRef<Answer>, Target.Command> question) {
    TestProbe<Answer> probe = kit.createTestProbe();
    Target.Command command = question.apply(probe.ref());
    if (command instanceof Target.ChangeAccess && !beforeChanges.isEmpty()) {
      beforeChanges.remove().run();
    }
    target.tell(command);
    Answer answer = probe.receiveMessage(Duration.ofSeconds(10));
    return answer instanceof Answer.Refused refused
        ? CompletableFuture.failedStage(refused.refusal())
        : CompletableFuture.completedStage((TargetEntry) ((Answer.Accepted) answer).entry());
  }

  private static <T> T done(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private static Refusal refused(CompletionStage<?> stage) {
    Refusal refusal =
        assertInstanceOf(
            Refusal.class, assertThrows(ExecutionException.class, () -> done(stage)).getCause());
    assertFalse(refusal.getMessage().contains(ONE), refusal.getMessage());
    assertFalse(refusal.getMessage().contains(TWO), refusal.getMessage());
    return refusal;
  }

  private static Optional<ChapCredentials> as(String user, String secret) {
    return Optional.of(new ChapCredentials(user, Optional.ofNullable(secret)));
  }

  private static Wanted wanted(Optional<ChapCredentials> chap) {
    return new Wanted(chap, Optional.empty(), Optional.empty());
  }

  @Test
  void secretsAreInTheEntryEncryptedForTheirUse() throws Exception {
    done(lists.chap(name, as("all", ONE)));
    done(lists.allow(name, HOST, wanted(as("host", ONE))));
    TargetAccess access = done(lists.mutualChap(name, as("me", TWO))).access();
    assertEquals(
        ONE, secrets.open(Purpose.everyInitiator(name), access.chap().orElseThrow().sealed()));
    assertEquals(
        TWO, secrets.open(Purpose.target(name), access.mutualChap().orElseThrow().sealed()));
    assertEquals(
        ONE,
        secrets.open(Purpose.initiator(name, HOST), access.chapOf(HOST).orElseThrow().sealed()));
    assertEquals("host", access.chapOf(HOST).orElseThrow().user());
    assertEquals("all", access.chapOf("iqn.2026-11.example:other").orElseThrow().user());
    assertFalse(access.toString().contains(access.chap().orElseThrow().sealed()));
    assertEquals(TargetAccess.OPEN, cleared());
  }

  private TargetAccess cleared() throws Exception {
    done(lists.remove(name, HOST));
    done(lists.remove(name, HOST));
    done(lists.chap(name, Optional.empty()));
    return done(lists.mutualChap(name, Optional.empty())).access();
  }

  @Test
  void askingForWhatIsThereChangesNothing() throws Exception {
    done(lists.mode(name, TargetAccess.Mode.LISTED));
    done(lists.chap(name, as("all", ONE)));
    done(lists.mutualChap(name, as("me", TWO)));
    TargetEntry first = done(lists.allow(name, HOST, wanted(as("host", ONE))));
    done(lists.mode(name, TargetAccess.Mode.LISTED));
    done(lists.chap(name, as("all", ONE)));
    done(lists.mutualChap(name, as("me", TWO)));
    assertEquals(first, done(lists.allow(name, HOST, wanted(as("host", ONE)))));
    assertTrue(
        done(lists.allow(name, HOST, wanted(as("host", ONE + "!")))).version() > first.version());
  }

  @Test
  void aSecretThatIsNotGivenStays() throws Exception {
    Refusal missing = refused(lists.chap(name, as("all", null)));
    assertEquals(Kind.INVALID, missing.kind());
    assertEquals("secret", missing.field());
    assertEquals("chap.secret", refused(lists.allow(name, HOST, wanted(as("host", null)))).field());
    done(lists.chap(name, as("all", ONE)));
    TargetAccess renamed = done(lists.chap(name, as("everyone", null))).access();
    assertEquals("everyone", renamed.chap().orElseThrow().user());
    assertEquals(
        ONE, secrets.open(Purpose.everyInitiator(name), renamed.chap().orElseThrow().sealed()));
  }

  @Test
  void bothEndsHaveSecretsOfTheirOwn() throws Exception {
    done(lists.chap(name, as("all", ONE)));
    Refusal same = refused(lists.mutualChap(name, as("me", ONE)));
    assertEquals(Kind.INVALID, same.kind());
    assertEquals("secret", same.field());
    done(lists.mutualChap(name, as("me", TWO)));
    assertEquals("secret", refused(lists.chap(name, as("all", TWO))).field());
    assertEquals("chap.secret", refused(lists.allow(name, HOST, wanted(as("host", TWO)))).field());
    done(lists.mutualChap(name, Optional.empty()));
    done(lists.allow(name, HOST, wanted(as("host", TWO))));
    assertEquals("secret", refused(lists.mutualChap(name, as("me", TWO))).field());
  }

  @Test
  void whatWasJudgedByAnOlderTargetIsJudgedAgain() throws Exception {
    // The target gets this very secret for itself after it was seen to have none.
    String sealed = secrets.seal(Purpose.target(name), ONE);
    AccessChange meanwhile =
        new AccessChange.MutualChapSet(Optional.of(new ChapEntry("me", sealed)));
    beforeChanges.add(
        () -> ask(name, to -> new Target.ChangeAccess(meanwhile, OptionalLong.empty(), to)));
    assertEquals("secret", refused(lists.chap(name, as("all", ONE))).field());
    TargetEntry now = done(ask(name, Target.Get::new));
    assertEquals(Optional.empty(), now.access().chap());
    // And what is not refused goes through in spite of it.
    beforeChanges.add(() -> interfere(3));
    beforeChanges.add(() -> interfere(4));
    assertTrue(done(lists.chap(name, as("all", TWO))).access().chap().isPresent());
  }

  private void interfere(int lun) {
    ask(name, to -> new Target.MapLun(lun, "u" + lun, to));
  }

  @Test
  void aTargetThatNeverRestsIsGivenUp() {
    for (int i = 0; i < 100; i++) {
      int lun = i;
      beforeChanges.add(() -> interfere(lun));
    }
    assertEquals(Kind.CONFLICT, refused(lists.chap(name, as("all", ONE))).kind());
    assertTrue(beforeChanges.size() > 80, "after a few attempts");
  }

  @Test
  void lunsAreTheTargetsOwn() throws Exception {
    interfere(3);
    Refusal refusal =
        refused(
            lists.allow(
                name,
                HOST,
                new Wanted(Optional.empty(), Optional.of(Map.of(0, 3, 1, 4)), Optional.empty())));
    assertEquals(Kind.CONFLICT, refusal.kind());
    assertEquals("luns", refusal.field());
    assertTrue(refusal.getMessage().contains("LUN 4"), refusal.getMessage());
  }

  @Test
  void withoutAKeyOnlySecretsAreRefused() throws Exception {
    AccessLists keyless =
        new SealedAccessLists(
            new ChapSecrets(Optional.of(directory.resolve("nowhere"))), this::ask);
    Refusal refusal = refused(keyless.chap(name, as("all", ONE)));
    assertEquals(Kind.CONFLICT, refusal.kind());
    assertEquals("secret", refusal.field());
    assertTrue(refusal.getMessage().contains("/dev/urandom"), refusal.getMessage());
    done(keyless.allow(name, HOST, wanted(Optional.empty())));
    done(keyless.mode(name, TargetAccess.Mode.LISTED));
  }

  @Test
  void aSecretUnderALostKeyCanBeSetAnew() throws Exception {
    done(lists.chap(name, as("all", ONE)));
    done(lists.mutualChap(name, as("me", TWO)));
    ChapSecrets other = new ChapSecrets(Optional.of(KeyFiles.make(directory.resolve("other"))));
    AccessLists after = new SealedAccessLists(other, this::ask);
    done(after.chap(name, as("all", ONE)));
    TargetAccess access = done(after.mutualChap(name, as("me", TWO))).access();
    assertEquals(
        ONE, other.open(Purpose.everyInitiator(name), access.chap().orElseThrow().sealed()));
    assertEquals(TWO, other.open(Purpose.target(name), access.mutualChap().orElseThrow().sealed()));
  }

  @Test
  void wrongSecretsAndUnknownTargetsAreRefused() throws Exception {
    assertEquals("secret", refused(lists.chap(name, as("all", "too short"))).field());
    done(ask(name, Target.Delete::new));
    assertEquals(Kind.NOT_FOUND, refused(lists.chap(name, as("all", ONE))).kind());
    assertEquals(Kind.NOT_FOUND, refused(lists.remove(name, HOST)).kind());
  }
}
