package io.moongate.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.moongate.management.api.Initiator;
import java.util.List;
import java.util.Set;

/**
 * What an operator has configured in a cluster, as it is exported: everything that a new cluster
 * needs for hosts to find their disks again, and nothing that changes by itself. Two exports of the
 * same configuration are the same bytes.
 *
 * @param format always {@link #FORMAT}
 * @param version of the format
 * @param gateways by name
 * @param targets by name
 * @param luns by id
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Configuration(
    String format, int version, List<Gateway> gateways, List<Target> targets, List<Lun> luns) {
  static final String FORMAT = "moongate-configuration";
  static final int VERSION = 1;
  private static final Set<String> ACCESS = Set.of("open", "listed");

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .build();

  Configuration {
    gateways = gateways == null ? List.of() : List.copyOf(gateways);
    targets = targets == null ? List.of() : List.copyOf(targets);
    luns = luns == null ? List.of() : List.copyOf(luns);
  }

  /**
   * A gateway. An import makes none: each registers by itself.
   *
   * @param portGroup target port group id, which hosts may know
   * @param service {@code in-service}, {@code draining} or {@code drained}
   */
  record Gateway(String name, int portGroup, List<String> portals, String service) {}

  /**
   * A target and who may log in.
   *
   * @param gateways that export it; null for every gateway
   * @param access {@code open} or {@code listed}
   * @param chapUser of what is asked of initiators without credentials of their own; null for none
   * @param mutualChapUser by which the target authenticates itself; null for none
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Target(
      String name,
      List<String> gateways,
      boolean explicitAlua,
      String access,
      String chapUser,
      String mutualChapUser,
      List<Host> initiators) {
    Target {
      initiators = initiators == null ? List.of() : List.copyOf(initiators);
    }
  }

  /**
   * An initiator on a target's list.
   *
   * @param chapUser null when it has no credentials of its own
   * @param luns what it sees; null for all
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Host(String initiator, String chapUser, List<Initiator.Lun> luns, String remark) {}

  /**
   * A logical unit, its volume, and where it is mapped.
   *
   * @param id its UUID, which its store has on record
   * @param volume name in the store
   * @param size bytes
   */
  record Lun(
      String id,
      String naa,
      String serial,
      String store,
      String volume,
      long size,
      int blockSize,
      int physicalBlockSize,
      String provisioning,
      boolean removable,
      boolean readOnly,
      List<String> preferred,
      List<Place> mappings) {
    Lun {
      preferred = preferred == null ? List.of() : List.copyOf(preferred);
      mappings = mappings == null ? List.of() : List.copyOf(mappings);
    }
  }

  /** A LUN of a target. */
  record Place(String target, int lun) {
    @Override
    public String toString() {
      return target + "/" + lun;
    }
  }

  /** As text, of which equal configurations have the same. */
  String text() {
    DefaultIndenter lines = new DefaultIndenter("  ", "\n");
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
    printer.indentObjectsWith(lines);
    printer.indentArraysWith(lines);
    try {
      return JSON.writer(printer).writeValueAsString(this) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Reads what was exported.
   *
   * @param from what it is called, for people
   * @throws ApiException that says what is wrong, and where
   */
  static Configuration read(String from, byte[] bytes) {
    try {
      JsonNode tree = JSON.readTree(bytes);
      if (!FORMAT.equals(tree.path("format").asText())) {
        throw wrong(from, "its format is not \"" + FORMAT + "\"");
      }
      if (!tree.path("version").isInt() || tree.path("version").intValue() != VERSION) {
        throw wrong(
            from,
            "it has version %s of the format, and this is for version %d"
                .formatted(tree.path("version").asText("none"), VERSION));
      }
      Configuration read = JSON.treeToValue(tree, Configuration.class);
      read.requireWhole(from);
      return read;
    } catch (JsonProcessingException e) {
      throw wrong(from, e.getOriginalMessage());
    } catch (java.io.IOException e) {
      throw wrong(from, e.getMessage());
    }
  }

  /** Whether nothing is configured. */
  boolean empty() {
    return targets.isEmpty() && luns.isEmpty();
  }

  /**
   * Says whether it can be restored as one.
   *
   * @param from what it is called, for people
   * @throws ApiException that says what is missing
   */
  void requireWhole(String from) {
    for (Gateway gateway : gateways) {
      if (gateway.name() == null) {
        throw wrong(from, "a gateway has no name");
      }
    }
    for (Target target : targets) {
      if (target.name() == null || target.access() == null || !ACCESS.contains(target.access())) {
        throw wrong(from, "a target has no name, or its access is neither open nor listed");
      }
      for (Host host : target.initiators()) {
        if (host.initiator() == null) {
          throw wrong(from, "an initiator of target " + target.name() + " has no name");
        }
      }
    }
    List<String> names = targets.stream().map(Target::name).toList();
    for (Lun lun : luns) {
      if (lun.id() == null
          || lun.naa() == null
          || lun.serial() == null
          || lun.store() == null
          || lun.volume() == null) {
        throw wrong(from, "a LUN needs id, naa, serial, store and volume, and one has not all");
      }
      for (Place place : lun.mappings()) {
        if (!names.contains(place.target())) {
          throw wrong(
              from,
              "the LUN of id %s is mapped in %s, and that target is not there"
                  .formatted(lun.id(), place.target()));
        }
      }
    }
  }

  private static ApiException wrong(String from, String what) {
    return ApiException.refused(from + " is no exported configuration: " + what);
  }
}
