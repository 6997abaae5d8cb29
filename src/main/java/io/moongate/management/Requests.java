package io.moongate.management;

import io.moongate.cluster.snapshot.Snapshot;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitAttributes.ClonedFrom;
import io.moongate.cluster.view.UnitAttributes.Imported;
import io.moongate.cluster.view.View;
import io.moongate.management.api.CreateLun;
import io.moongate.management.api.CreateTarget;
import io.moongate.management.api.MakeSnapshot;
import io.moongate.management.api.MapLun;
import io.moongate.management.api.MoveLun;
import io.moongate.management.api.ResizeLun;
import io.moongate.management.api.RollBackLun;
import io.moongate.management.api.SetExplicitAlua;
import io.moongate.management.api.SetPreferred;
import io.moongate.management.api.SetReadOnly;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.Query;
import org.apache.pekko.japi.Pair;

/** Reads requests, and refuses what can't be right, naming the field. */
final class Requests {
  /** The largest number of the flat space of LUNs (SAM-5 section 4.7.7.4). */
  static final int MAX_LUN = 16383;

  /** The number of gateways that a cluster is built for. */
  private static final int MAX_GATEWAYS = 64;

  private static final int DEFAULT_BLOCK_SIZE = 512;
  private static final Set<Integer> BLOCK_SIZES = Set.of(512, 4096);

  private static final Pattern UNIT =
      Pattern.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  private static final Pattern SERIAL = Pattern.compile("[!-~]{1,36}");
  private static final Pattern VOLUME =
      Pattern.compile("(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}/)?[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}");

  private Requests() {}

  static CreateTarget createTarget(byte[] bytes, View view) {
    RequestBody body = RequestBody.read(bytes, "name", "gateways", "explicitAlua");
    String name = body.text("name");
    requireIscsiName("name", name);
    List<String> gateways = body.texts("gateways", MAX_GATEWAYS);
    requireGateways("gateways", gateways, view);
    return new CreateTarget(name, gateways, body.optionalFlag("explicitAlua").orElse(null));
  }

  static CreateLun createLun(byte[] bytes, View view, List<String> stores) {
    RequestBody body =
        RequestBody.read(
            bytes,
            "target",
            "lun",
            "size",
            "blockSize",
            "store",
            "preferred",
            "removable",
            "readOnly",
            "provisioning",
            "physicalBlockSize",
            "volume",
            "naa",
            "serial",
            "source",
            "formerUnit");
    String target = body.text("target");
    requireIscsiName("target", target);
    int lun = (int) body.whole("lun", 0, MAX_LUN);
    Optional<CloneSource> source = CloneSource.of(body, view);
    int blockSize =
        body.optionalWhole("blockSize", 1, Integer.MAX_VALUE)
            .map(Long::intValue)
            .orElse(source.map(CloneSource::blockSize).orElse(DEFAULT_BLOCK_SIZE));
    if (!BLOCK_SIZES.contains(blockSize)) {
      throw ProblemException.invalid(
          "blockSize", "blockSize must be 512 or 4096, and is " + blockSize);
    }
    Optional<Imported> imported = imported(body);
    Optional<Long> size =
        imported.isPresent() || source.isPresent()
            ? body.optionalWhole("size", 1, Long.MAX_VALUE)
            : Optional.of(body.whole("size", 1, Long.MAX_VALUE));
    if (size.isPresent() && size.get() % blockSize != 0) {
      throw ProblemException.invalid(
          "size",
          "size must be a multiple of the block size " + blockSize + ", and is " + size.get());
    }
    String store =
        body.optionalText("store").orElse(source.map(CloneSource::store).orElse(stores.get(0)));
    if (!stores.contains(store)) {
      throw ProblemException.invalid(
          "store", "There is no store " + store + "; known are " + stores);
    }
    List<String> preferred = body.texts("preferred", MAX_GATEWAYS);
    requireGateways("preferred", preferred, view);
    UnitAttributes attributes =
        attributes(
            body,
            blockSize,
            source
                .map(CloneSource::physicalBlockSize)
                .orElse(UnitAttributes.DEFAULT.physicalBlockSize()));
    return new CreateLun(
        target,
        lun,
        size.orElse(null),
        blockSize,
        store,
        preferred,
        attributes.removable(),
        attributes.readOnly(),
        word(attributes.provisioning()),
        attributes.physicalBlockSize(),
        imported.map(Imported::volume).orElse(null),
        imported.flatMap(Imported::naa).orElse(null),
        imported.flatMap(Imported::serial).orElse(null),
        source.map(CloneSource::shown).orElse(null),
        imported.flatMap(Imported::formerUnit).orElse(null));
  }

  private static Optional<Imported> imported(RequestBody body) {
    Optional<String> volume = body.optionalText("volume");
    Optional<String> naa = body.optionalText("naa");
    Optional<String> serial = body.optionalText("serial");
    Optional<String> formerUnit = body.optionalText("formerUnit");
    if (volume.isEmpty() && (naa.isPresent() || serial.isPresent() || formerUnit.isPresent())) {
      throw ProblemException.invalid(
          "volume",
          "naa, serial and formerUnit are those of a volume that is there: give its name as"
              + " volume");
    }
    if (formerUnit.isPresent() && !UNIT.matcher(formerUnit.get()).matches()) {
      throw ProblemException.invalid(
          "formerUnit", "formerUnit must be a UUID in lower case, and is " + formerUnit.get());
    }
    if (naa.isPresent() && !Imported.isNaa(naa.get(), formerUnit.isPresent())) {
      throw ProblemException.invalid(
          "naa",
          "naa must be 16 hexadecimal digits in lower case that begin with 2 or 5, or with 3 where there"
              + " is formerUnit, or 32 that begin with 6, and is "
              + naa.get());
    }
    if (serial.isPresent() && !SERIAL.matcher(serial.get()).matches()) {
      throw ProblemException.invalid(
          "serial", "serial must be 1 to 36 printable ASCII characters without spaces");
    }
    if (volume.isPresent() && !VOLUME.matcher(volume.get()).matches()) {
      throw ProblemException.invalid(
          "volume",
          "volume must be 1 to 96 letters, digits and ._-, with a pool before it or without, and is "
              + volume.get());
    }
    return volume.map(name -> new Imported(name, naa, serial, formerUnit));
  }

  private static UnitAttributes attributes(RequestBody body, int blockSize, int physicalBlockSize) {
    UnitAttributes attributes =
        new UnitAttributes(
            body.optionalFlag("removable").orElse(false),
            body.optionalFlag("readOnly").orElse(false),
            provisioning(body.optionalText("provisioning").orElse("thin")),
            body.optionalWhole("physicalBlockSize", 1, Integer.MAX_VALUE)
                .map(Long::intValue)
                .orElse(physicalBlockSize));
    attributes
        .fault(blockSize)
        .ifPresent(
            fault -> {
              throw ProblemException.invalid("physicalBlockSize", "physicalBlockSize " + fault);
            });
    return attributes;
  }

  private static UnitAttributes.Provisioning provisioning(String word) {
    for (UnitAttributes.Provisioning each : UnitAttributes.Provisioning.values()) {
      if (word(each).equals(word)) {
        return each;
      }
    }
    throw ProblemException.invalid(
        "provisioning", "provisioning must be thin or full, and is " + word);
  }

  private static String word(UnitAttributes.Provisioning provisioning) {
    return provisioning.name().toLowerCase(Locale.ROOT);
  }

  /** What a request that was read here asks for. */
  static UnitAttributes attributes(CreateLun wanted) {
    return new UnitAttributes(
        wanted.removable(),
        wanted.readOnly(),
        provisioning(wanted.provisioning()),
        wanted.physicalBlockSize(),
        Optional.ofNullable(wanted.volume())
            .map(
                volume ->
                    new Imported(
                        volume,
                        Optional.ofNullable(wanted.naa()),
                        Optional.ofNullable(wanted.serial()),
                        Optional.ofNullable(wanted.formerUnit()))),
        Optional.ofNullable(wanted.source())
            .map(source -> new ClonedFrom(source.lun(), source.snapshot())));
  }

  static SetReadOnly setReadOnly(byte[] bytes) {
    return new SetReadOnly(RequestBody.read(bytes, "readOnly").flag("readOnly"));
  }

  static SetExplicitAlua setExplicitAlua(byte[] bytes) {
    return new SetExplicitAlua(RequestBody.read(bytes, "explicitAlua").flag("explicitAlua"));
  }

  static MoveLun moveLun(byte[] bytes, View view) {
    RequestBody body = RequestBody.read(bytes, "gateway");
    String gateway = body.text("gateway");
    requireGateway("gateway", gateway, view);
    return new MoveLun(gateway);
  }

  static SetPreferred setPreferred(byte[] bytes, View view) {
    List<String> gateways = RequestBody.read(bytes, "gateways").texts("gateways", MAX_GATEWAYS);
    requireGateways("gateways", gateways, view);
    if (Set.copyOf(gateways).size() < gateways.size()) {
      throw ProblemException.invalid("gateways", "gateways names one of them twice");
    }
    return new SetPreferred(gateways);
  }

  static ResizeLun resizeLun(byte[] bytes) {
    return new ResizeLun(RequestBody.read(bytes, "size").whole("size", 1, Long.MAX_VALUE));
  }

  static MakeSnapshot makeSnapshot(byte[] bytes) {
    return new MakeSnapshot(snapshotName("name", RequestBody.read(bytes, "name").text("name")));
  }

  static RollBackLun rollBackLun(byte[] bytes) {
    RequestBody body = RequestBody.read(bytes, "confirm", "id");
    if (!body.optionalFlag("confirm").orElse(false)) {
      throw ProblemException.invalid(
          "confirm", "confirm must be true: everything written since the snapshot will be lost");
    }
    String id = body.optionalText("id").orElseGet(() -> UUID.randomUUID().toString());
    return new RollBackLun(true, snapshotName("id", id));
  }

  private static String snapshotName(String field, String name) {
    if (!Snapshot.isName(name)) {
      throw ProblemException.invalid(
          field,
          field
              + " must be 1 to 64 letters, digits and ._-, not beginning with . or -, and is "
              + name);
    }
    return name;
  }

  static MapLun mapLun(byte[] bytes) {
    return new MapLun(RequestBody.read(bytes, "id").text("id"));
  }

  /** A parameter that is {@code true} or {@code false}, and false when it is absent. */
  static boolean flag(Map<String, String> query, String name) {
    String value = query.getOrDefault(name, "false");
    if (!value.equals("true") && !value.equals("false")) {
      throw ProblemException.invalid(name, name + " must be true or false");
    }
    return value.equals("true");
  }

  /** The query's parameters, of which only these are known, each at most once. */
  static Map<String, String> parameters(HttpRequest request, String... known) {
    Query query = request.getUri().query();
    Set<String> names = new TreeSet<>(List.of(known));
    Map<String, String> parameters = new HashMap<>();
    for (Pair<String, String> parameter : query.toList()) {
      String name = parameter.first();
      if (!names.contains(name)) {
        throw ProblemException.invalid(
            name,
            "There is no query parameter "
                + name
                + (names.isEmpty() ? "" : "; known are " + names));
      }
      if (parameters.put(name, parameter.second()) != null) {
        throw ProblemException.invalid(name, "The query parameter " + name + " occurs twice");
      }
    }
    return parameters;
  }

  /** A LUN in a query. */
  static int lun(String text) {
    if (text.matches("\\d{1,5}") && Integer.parseInt(text) <= MAX_LUN) {
      return Integer.parseInt(text);
    }
    throw ProblemException.invalid("lun", "lun must be a whole number from 0 to " + MAX_LUN);
  }

  static void requireIscsiName(String field, String name) {
    IscsiName.fault(name)
        .ifPresent(
            fault -> {
              throw ProblemException.invalid(field, field + " " + fault);
            });
  }

  private static void requireGateways(String field, List<String> gateways, View view) {
    for (int i = 0; i < gateways.size(); i++) {
      requireGateway(field + "[" + i + "]", gateways.get(i), view);
    }
  }

  /** A gateway that is down is one all the same; one that never registered is a slip of the pen. */
  private static void requireGateway(String field, String gateway, View view) {
    if (view.gateway(gateway).isEmpty()) {
      String known =
          view.gateways().stream().map(GatewayEntry::name).collect(Collectors.joining(", "));
      throw ProblemException.invalid(
          field, "There is no gateway " + gateway + "; known are: " + known);
    }
  }
}
