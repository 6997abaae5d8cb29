package io.moongate.management;

import io.moongate.cluster.Metadata;
import io.moongate.management.api.LogicalUnit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** The logical units that a query asks for, and what their list is sorted by. */
final class LunFilter {
  /** Names of the parameters. */
  static final String[] PARAMETERS = {
    "target", "lun", "owner", "store", "phase", "serial", "naa", "volume"
  };

  private LunFilter() {}

  /** Those that are left, each once for every place where it is mapped. */
  static Stream<LogicalUnit> units(Metadata metadata, Map<String, String> query) {
    return Resources.units(
            metadata,
            Optional.ofNullable(query.get("target")),
            ApiRoutes.lunOf(query),
            Optional.ofNullable(query.get("owner")))
        .filter(Filters.equal(query, "store", LogicalUnit::store))
        .filter(Filters.oneOf(query, "phase", Filters.PHASES, LogicalUnit::phase))
        .filter(Filters.equal(query, "serial", LogicalUnit::serial))
        .filter(Filters.equal(query, "naa", LogicalUnit::naa))
        .filter(Filters.equal(query, "volume", LogicalUnit::volume));
  }

  /** By target and LUN; those that no target maps come last, by id. */
  static List<String> position(LogicalUnit unit) {
    return List.of(
        unit.target() == null ? "1" : "0",
        Objects.requireNonNullElse(unit.target(), ""),
        Paging.padded(unit.lun() == null ? 0 : unit.lun()),
        unit.id());
  }
}
