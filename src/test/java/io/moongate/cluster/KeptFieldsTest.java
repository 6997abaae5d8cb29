package io.moongate.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import io.moongate.cluster.charter.LeaseMessage;
import io.moongate.cluster.entity.EntityKit;
import io.moongate.cluster.ownership.LoadExchange;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.view.UnitAttributes;
import java.io.IOException;
import java.util.List;
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

/** Fields that are not known here: refused in what is kept, passed over in what is only said. */
class KeptFieldsTest {
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

  static Stream<Class<?>> kept() {
    return SerializationTest.kept();
  }

  static Stream<Class<?>> said() {
    return Stream.of(LeaseMessage.class, LoadExchange.Command.class)
        .flatMap(family -> Samples.kinds(family).stream());
  }

  private static Object reread(Object sample, ObjectNode changed) throws IOException {
    var serializer = serialization.findSerializerFor(sample);
    return serialization
        .deserialize(
            CBOR.writeValueAsBytes(changed),
            serializer.identifier(),
            Serializers.manifestFor(serializer, sample))
        .get();
  }

  private static ObjectNode tree(Object sample) throws IOException {
    return (ObjectNode) CBOR.readTree(serialization.serialize(sample).get());
  }

  @ParameterizedTest
  @MethodSource("kept")
  void aFieldOfWhatIsKeptIsRefusedUnlessItSaysNothing(Class<?> kind) throws IOException {
    Object sample = new Samples(ref, true).of(kind);
    ObjectNode changed = tree(sample);
    changed.putNull("unheardOf");
    assertTrue(Samples.same(sample, reread(sample, changed)));
    changed.put("unheardOf", 1);
    Exception refused = assertThrows(Exception.class, () -> reread(sample, changed));
    assertTrue(refused.getMessage().contains("field unheardOf of"), refused::getMessage);
  }

  @ParameterizedTest
  @MethodSource("said")
  void aFieldOfWhatIsOnlySaidIsPassedOver(Class<?> kind) throws IOException {
    Object sample = new Samples(ref, true).of(kind);
    ObjectNode changed = tree(sample);
    changed.put("unheardOf", 1);
    assertTrue(Samples.same(sample, reread(sample, changed)));
  }

  /** Deep in a command that leads to an event. */
  @Test
  void aFieldOfWhatIsToBeKeptIsRefusedInACommandToo() throws IOException {
    Object sample = new Samples(ref, true).of(LogicalUnit.Create.class);
    ObjectNode changed = tree(sample);
    ObjectNode attributes = (ObjectNode) changed.get("attributes");
    attributes.put("unheardOf", "x");
    Exception refused = assertThrows(Exception.class, () -> reread(sample, changed));
    assertTrue(
        refused.getMessage().contains("of " + UnitAttributes.class.getName()), refused::getMessage);
  }

  /** What the walk through the types has to come to. */
  @Test
  void theTypesThatAreKeptAreFound() {
    assertTrue(
        KeptFields.types()
            .containsAll(
                List.of(
                    Origin.class,
                    UnitAttributes.Imported.class,
                    LogicalUnit.Created.class,
                    io.moongate.scsi.shared.SharedState.class,
                    io.moongate.scsi.reservation.Registration.class)));
    assertEquals(
        List.of(),
        KeptFields.types().stream()
            .filter(type -> !type.getName().startsWith("io.moongate"))
            .toList());
  }
}
