package io.moongate.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import io.moongate.cluster.charter.LeaseMessage;
import io.moongate.cluster.entity.EntityKit;
import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.membership.GatewayMonitor;
import io.moongate.cluster.membership.LeaseKeeper;
import io.moongate.cluster.ownership.LoadExchange;
import io.moongate.cluster.replica.ViewPublisher;
import io.moongate.cluster.replica.ViewReplica;
import io.moongate.cluster.security.RefusedAttempt;
import io.moongate.cluster.snapshot.Snapshot;
import io.moongate.cluster.snapshot.SnapshotWork;
import io.moongate.cluster.target.AccessChange;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.unit.Luns;
import io.moongate.cluster.unit.SharedTeller;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.ViewEntry;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.shared.MediumState;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Everything that leaves a process or is kept comes back as it was. */
class SerializationTest {
  private static final List<Class<?>> MESSAGES =
      List.of(
          LogicalUnit.Command.class,
          Target.Command.class,
          Gateway.Command.class,
          ViewReplica.Command.class,
          ViewReplica.Done.class,
          ViewPublisher.Command.class,
          GatewayMonitor.Command.class,
          LoadExchange.Command.class,
          LeaseKeeper.Command.class,
          LeaseMessage.class,
          SharedTeller.Command.class,
          Luns.Claim.class,
          Luns.Claimed.class,
          Answer.class,
          ViewEntry.class,
          SessionsActor.Ask.class,
          SessionsActor.Told.class,
          SnapshotWork.Ask.class,
          SnapshotWork.Told.class,
          Snapshot.class,
          SessionClosing.Close.class,
          SessionClosing.Closed.class,
          SessionId.class,
          Metadata.SessionEntry.class);

  private static final List<Class<?>> EVENTS =
      List.of(
          LogicalUnit.Event.class,
          Target.Event.class,
          AccessChange.class,
          Gateway.Event.class,
          RefusedAttempt.class);

  private static final List<Class<?>> SNAPSHOTS =
      List.of(
          LogicalUnit.Snapshot.class,
          Target.Snapshot.class,
          Gateway.Snapshot.class,
          LogicalUnit.Kept.class,
          Target.Kept.class,
          Gateway.Kept.class);

  /** Kinds that have got fields since their first golden files, which each has later ones of. */
  private static final Map<Class<?>, List<String>> GROWN =
      Map.of(
          LogicalUnit.Created.class, List.of("attributes", "imported", "cloned", "restored"),
          LogicalUnit.Snapshot.class,
              List.of(
                  "attributes", "release", "imported", "cloned", "rollback", "digest", "restored"),
          LogicalUnit.SharedChanged.class, List.of("medium", "rollback"),
          LogicalUnit.OwnerChosen.class, List.of("serving", "part"),
          LogicalUnit.ReleaseBegun.class, List.of("evidence"),
          Gateway.Snapshot.class, List.of("service", "former", "digest", "takeover"),
          Gateway.Registered.class, List.of("takeover"),
          Target.Created.class, List.of("explicit"),
          Target.Snapshot.class, List.of("explicit", "digest"));

  /** Public for the part of the gateway that sends it, and sent within the process only. */
  private static final Set<Class<?>> LOCAL =
      Set.of(
          GatewayMonitor.ProcessGone.class,
          GatewayMonitor.PartSeen.class,
          GatewayMonitor.LeftOut.class,
          LeaseKeeper.Gone.class);

  private static final ObjectMapper CBOR = new ObjectMapper(new CBORFactory());

  private static ActorTestKit kit;
  private static ActorRef<Object> ref;
  private static Serialization serialization;

  @BeforeAll
  static void start() {
    kit = ActorTestKit.create(EntityKit.config());
    ref = kit.createTestProbe().ref();
    serialization = SerializationExtension.get(kit.system());
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  static Stream<Class<?>> everything() {
    List<Class<?>> kinds = new ArrayList<>();
    for (List<Class<?>> families : List.of(MESSAGES, EVENTS, SNAPSHOTS)) {
      for (Class<?> family : families) {
        kinds.addAll(family.isSealed() ? Samples.kinds(family) : List.of(family));
      }
    }
    kinds.removeAll(LOCAL);
    return kinds.stream();
  }

  static Stream<Class<?>> kept() {
    return Stream.of(EVENTS, SNAPSHOTS)
        .flatMap(List::stream)
        .flatMap(family -> Samples.kinds(family).stream());
  }

  @ParameterizedTest
  @MethodSource("everything")
  void comesBackAsItWas(Class<?> kind) {
    for (boolean full : new boolean[] {true, false}) {
      Object sample = new Samples(ref, full).of(kind);
      var serializer = serialization.findSerializerFor(sample);
      assertTrue(
          serializer.getClass().getSimpleName().equals("JacksonCborSerializer"),
          "bound to " + serializer);
      byte[] bytes = serialization.serialize(sample).get();
      Object back =
          serialization
              .deserialize(
                  bytes, serializer.identifier(), Serializers.manifestFor(serializer, sample))
              .get();
      assertTrue(Samples.same(sample, back), () -> sample + "\n" + back);
    }
  }

  @ParameterizedTest
  @MethodSource("kept")
  void whatWasKeptIsReadForEver(Class<?> kind) throws IOException {
    Map<String, String> files = goldenFiles(kind);
    for (Map.Entry<String, String> golden : files.entrySet()) {
      byte[] bytes = Base64.getMimeDecoder().decode(golden.getValue());
      var serializer = serialization.findSerializerFor(new Samples(ref, true).of(kind));
      Object decoded =
          serialization.deserialize(bytes, serializer.identifier(), kind.getName()).get();
      assertEquals(kind, decoded.getClass());
      // Fields may have come since; what was written then must be in it as it was.
      assertContains(
          golden.getKey(), CBOR.readTree(bytes), CBOR.readTree(serializer.toBinary(decoded)));
    }
  }

  /** Kept before units had a shared state: it is as at the beginning. */
  @Test
  void aUnitThatWasKeptWithoutASharedStateHasTheInitialOne() {
    byte[] bytes = Base64.getMimeDecoder().decode(read(LogicalUnit.Snapshot.class, "full"));
    LogicalUnit.Snapshot snapshot =
        (LogicalUnit.Snapshot)
            serialization
                .deserialize(
                    bytes,
                    serialization
                        .findSerializerFor(new Samples(ref, true).of(LogicalUnit.Snapshot.class))
                        .identifier(),
                    LogicalUnit.Snapshot.class.getName())
                .get();
    assertEquals(SharedState.INITIAL, snapshot.state().entry().orElseThrow().shared());
  }

  /** Kept before units had attributes: it is a disk like most. */
  @Test
  void aUnitThatWasKeptWithoutAttributesHasTheDefaultOnes() {
    LogicalUnit.Created created = kept(LogicalUnit.Created.class, "full");
    assertEquals(UnitAttributes.DEFAULT, created.attributes());
    UnitEntry unit = kept(LogicalUnit.Snapshot.class, "full").state().entry().orElseThrow();
    assertEquals(UnitAttributes.DEFAULT, unit.attributes());
    assertEquals(MediumState.LOADED, unit.shared().medium());
    assertEquals(
        MediumState.LOADED, kept(LogicalUnit.SharedChanged.class, "full").state().medium());
    assertEquals(
        UnitAttributes.Provisioning.FULL,
        kept(LogicalUnit.Created.class, "attributes").attributes().provisioning());
  }

  /** Kept before units could be imported: it came into being here. */
  @Test
  void aUnitThatWasKeptWithoutSayingWhereItCameFromIsOfItsOwn() {
    UnitEntry unit = kept(LogicalUnit.Snapshot.class, "attributes").state().entry().orElseThrow();
    assertEquals(unit.id(), unit.volume());
    assertTrue(kept(LogicalUnit.Created.class, "attributes").attributes().imported().isEmpty());
    assertTrue(kept(LogicalUnit.Created.class, "imported").attributes().imported().isPresent());
  }

  /** Kept before units could be restored: it comes from others. */
  @Test
  void aUnitThatWasKeptWithoutAFormerOneIsFromElsewhere() {
    assertTrue(formerUnit("imported").isEmpty());
    assertTrue(formerUnit("restored").isPresent());
  }

  private static Optional<String> formerUnit(String variant) {
    return kept(LogicalUnit.Created.class, variant)
        .attributes()
        .imported()
        .flatMap(UnitAttributes.Imported::formerUnit);
  }

  /** Kept before units could be cloned: it is no clone. */
  @Test
  void aUnitThatWasKeptWithoutSayingWhatItWasClonedFromIsNoClone() {
    assertTrue(kept(LogicalUnit.Created.class, "imported").attributes().clonedFrom().isEmpty());
    assertTrue(kept(LogicalUnit.Created.class, "cloned").attributes().clonedFrom().isPresent());
  }

  /** Kept before units could be rolled back: it never was. */
  @Test
  void aUnitThatWasKeptWithoutARollbackHasNone() {
    assertNull(kept(LogicalUnit.SharedChanged.class, "medium").state().rollback());
    assertTrue(kept(LogicalUnit.SharedChanged.class, "rollback").state().rollback().going());
  }

  /** Kept before gateways could be drained, and before a release named its request. */
  @Test
  void whatWasKeptWithoutServiceAndRequestHasTheSafeOnes() {
    GatewayEntry gateway = kept(Gateway.Snapshot.class, "full").state().entry().orElseThrow();
    assertEquals(GatewayEntry.Service.FROM_THE_BEGINNING, gateway.service());
    assertEquals(0, gateway.flaps());
    var state = kept(LogicalUnit.Snapshot.class, "attributes").state();
    assertEquals(UnitEntry.Phase.RELEASING, state.unit().ownership().phase());
    assertEquals(state.unit().version(), state.releaseVersion());
  }

  /** Kept before portal addresses could be held by others: they may not be. */
  @Test
  void aGatewayThatWasKeptWithoutATakeoverKeepsItsPortals() {
    assertFalse(kept(Gateway.Registered.class, "full").registration().takeover());
    assertTrue(kept(Gateway.Registered.class, "takeover").registration().takeover());
    assertEquals(GatewayEntry.Takeover.NONE, gatewayOf("digest").takeover());
    assertTrue(gatewayOf("takeover").takeover().allowed());
    assertEquals(2, gatewayOf("takeover").takeover().held().size());
  }

  private static GatewayEntry gatewayOf(String variant) {
    return kept(Gateway.Snapshot.class, variant).state().entry().orElseThrow();
  }

  /** Kept before targets had a say in it: explicit ALUA is off. */
  @Test
  void aTargetThatWasKeptWithoutExplicitAluaHasNone() {
    assertFalse(kept(Target.Created.class, "full").explicitAlua());
    assertFalse(kept(Target.Snapshot.class, "full").state().entry().orElseThrow().explicitAlua());
    assertTrue(kept(Target.Created.class, "explicit").explicitAlua());
    assertTrue(
        kept(Target.Snapshot.class, "explicit").state().entry().orElseThrow().explicitAlua());
  }

  /** Kept before a gateway could take a unit over by the row. */
  @Test
  void anOwnerThatWasKeptWithoutSayingThatItServesHasToOpenFirst() {
    assertFalse(kept(LogicalUnit.OwnerChosen.class, "full").serving());
    assertTrue(kept(LogicalUnit.OwnerChosen.class, "serving").serving());
  }

  private static <T> T kept(Class<T> kind, String variant) {
    byte[] bytes = Base64.getMimeDecoder().decode(read(kind, variant));
    var serializer = serialization.findSerializerFor(new Samples(ref, true).of(kind));
    return kind.cast(
        serialization.deserialize(bytes, serializer.identifier(), kind.getName()).get());
  }

  @Test
  void whatMayBeNullComesBackAsNull() {
    Nexus nexus = new Nexus("iqn.2026-01.io.host:a", 1, "iqn.2026-01.io.moongate:t", 1);
    SharedTeller.Tell tell =
        new SharedTeller.Tell(
            "id",
            "unit",
            SharedState.INITIAL,
            List.of(Notice.reset(nexus), Notice.abort(List.of(nexus), nexus)),
            ref.narrow());
    var serializer = serialization.findSerializerFor(tell);
    byte[] bytes = serialization.serialize(tell).get();
    assertEquals(
        tell,
        serialization
            .deserialize(bytes, serializer.identifier(), Serializers.manifestFor(serializer, tell))
            .get());
  }

  @Test
  void everyEventNamesItsKindAsWasAgreed() {
    // The annotations name each kind; one that lacks a name would be kept by its class name.
    for (Class<?> family : EVENTS) {
      if (!family.isSealed()) {
        // Of no family: it is kept by its class name, which may never be another.
        assertEquals("io.moongate.cluster.security.RefusedAttempt", family.getName());
        continue;
      }
      var names = family.getAnnotation(com.fasterxml.jackson.annotation.JsonSubTypes.class);
      assertNotNull(names, family.getName());
      assertEquals(
          Set.copyOf(Arrays.asList(family.getPermittedSubclasses())),
          Set.copyOf(Arrays.stream(names.value()).map(type -> type.value()).toList()));
    }
  }

  private static void assertContains(String where, JsonNode golden, JsonNode now) {
    assertNotNull(now, where + " is not kept any more");
    if (golden.isObject()) {
      golden
          .properties()
          .forEach(
              field ->
                  assertContains(
                      where + "." + field.getKey(), field.getValue(), now.get(field.getKey())));
    } else if (golden.isArray()) {
      assertEquals(golden.size(), now.size(), where);
      for (int i = 0; i < golden.size(); i++) {
        assertContains(where + "[" + i + "]", golden.get(i), now.get(i));
      }
    } else {
      assertEquals(golden, now, where);
    }
  }

  private static Map<String, String> goldenFiles(Class<?> kind) {
    Map<String, String> files = new TreeMap<>();
    variants(kind).forEach(variant -> files.put(variant, read(kind, variant)));
    return files;
  }

  private static List<String> variants(Class<?> kind) {
    List<String> variants = new ArrayList<>(List.of("full", "empty"));
    variants.addAll(GROWN.getOrDefault(kind, List.of()));
    return variants;
  }

  private static String read(Class<?> kind, String variant) {
    String path = "/golden/v1/" + name(kind, variant);
    try (InputStream file = SerializationTest.class.getResourceAsStream(path)) {
      assertNotNull(
          file,
          "no %s: a new kind gets its golden files once, by GoldenFiles.main".formatted(path));
      return new String(file.readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static String name(Class<?> kind, String variant) {
    Class<?> around = kind.getEnclosingClass();
    return "%s%s-%s.cbor.base64"
        .formatted(
            around == null ? "" : around.getSimpleName() + ".", kind.getSimpleName(), variant);
  }

  /** Writes the files that are missing; those that are there are never written again. */
  static final class GoldenFiles {
    private GoldenFiles() {}

    /** Run with the directory {@code src/test/resources/golden/v1}. */
    public static void main(String[] arguments) throws IOException {
      Path directory = Path.of(arguments[0]);
      Files.createDirectories(directory);
      start();
      for (Class<?> kind : kept().toList()) {
        for (String variant : variants(kind)) {
          Path file = directory.resolve(name(kind, variant));
          if (Files.notExists(file)) {
            Object sample = new Samples(ref, !variant.equals("empty")).of(kind);
            byte[] bytes = serialization.findSerializerFor(sample).toBinary(sample);
            Files.writeString(
                file, Base64.getMimeEncoder(76, new byte[] {'\n'}).encodeToString(bytes) + "\n");
          }
        }
      }
      stop();
    }
  }
}
