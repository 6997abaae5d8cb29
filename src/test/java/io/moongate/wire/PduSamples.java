package io.moongate.wire;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.pekko.util.ByteString;

/** PDUs with random fields, of every kind that the sealed interfaces permit. */
final class PduSamples {
  private PduSamples() {}

  /** Every kind of PDU, from the sealed interfaces themselves. */
  static List<Class<?>> kinds() {
    return Stream.of(InitiatorPdu.class, TargetPdu.class)
        .flatMap(family -> Arrays.stream(family.getPermittedSubclasses()))
        .filter(kind -> kind != TargetPdu.LentDataIn.class) // A Data-In on the wire.
        .toList();
  }

  /** A PDU of that kind; its fields take any value that the layout has room for. */
  static Pdu random(Class<?> kind, int maxDataLength, Random random) {
    RecordComponent[] components = kind.getRecordComponents();
    List<Object> values = new ArrayList<>();
    Class<?>[] types = new Class<?>[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      values.add(value(components[i].getName(), types[i], maxDataLength, random));
    }
    try {
      Pdu pdu = (Pdu) kind.getDeclaredConstructor(types).newInstance(values.toArray());
      boolean formatError =
          pdu instanceof InitiatorPdu.ScsiCommand command
              && !command.finalBit()
              && !command.write();
      return formatError ? random(kind, maxDataLength, random) : pdu;
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  private static Object value(String name, Class<?> type, int maxDataLength, Random random) {
    if (type == boolean.class) {
      return random.nextBoolean();
    }
    if (type == ByteString.class) {
      return name.equals("cdb") ? cdb(random) : data(maxDataLength, random);
    }
    if (type == long.class) {
      return switch (name) {
        case "lun" -> random.nextLong();
        case "isid" -> random.nextLong() >>> 16;
        case "bidirectionalReadLength" -> random.nextBoolean() ? 0L : random.nextLong() >>> 32;
        default -> random.nextLong() >>> 32;
      };
    }
    return switch (name) {
      case "attribute" -> random.nextInt(5);
      case "currentStage", "nextStage" -> random.nextInt(4);
      case "type" -> random.nextInt(1 << 4);
      case "function", "reason" -> random.nextInt(1 << 7);
      case "versionMax",
          "versionMin",
          "versionActive",
          "response",
          "status",
          "statusClass",
          "statusDetail",
          "asyncEvent",
          "asyncVendorCode" ->
          random.nextInt(1 << 8);
      case "tsih", "cid", "parameter1", "parameter2", "parameter3", "time2Wait", "time2Retain" ->
          random.nextInt(1 << 16);
      default -> random.nextInt();
    };
  }

  private static ByteString cdb(Random random) {
    int extension = random.nextBoolean() ? 0 : random.nextInt(245);
    return Bytes.random(16 + extension, random);
  }

  private static ByteString data(int maxLength, Random random) {
    int length =
        switch (random.nextInt(4)) {
          case 0 -> 0;
          case 1 -> random.nextInt(Math.min(maxLength, 300) + 1);
          case 2 -> maxLength;
          default -> random.nextInt(maxLength + 1);
        };
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return random.nextBoolean() ? Bytes.scattered(bytes, random) : ByteString.fromArray(bytes);
  }
}
