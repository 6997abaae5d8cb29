package io.moongate.management;

import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.management.api.CreateLun;
import java.util.List;
import java.util.Optional;

/** The snapshot that a new LUN is to be a clone of, and the unit that has it. */
record CloneSource(UnitEntry unit, String snapshot) {
  /** What the source says, or what would be of another volume. */
  private static final List<String> SAID_BY_IT = List.of("size", "volume", "naa", "serial");

  /** What the body of a request says of it. */
  static Optional<CloneSource> of(RequestBody body, View view) {
    return body.object("source", "lun", "snapshot").map(source -> of(body, source, view));
  }

  private static CloneSource of(RequestBody body, RequestBody source, View view) {
    for (String field : SAID_BY_IT) {
      if (body.has(field)) {
        throw ProblemException.invalid(field, field + " does not go with source");
      }
    }
    String id = source.text("lun");
    String snapshot = source.text("snapshot");
    UnitEntry unit =
        view.unit(id)
            .orElseThrow(
                () ->
                    ProblemException.invalid("source.lun", "There is no logical unit of id " + id));
    return new CloneSource(unit, snapshot);
  }

  int blockSize() {
    return unit.blockSize();
  }

  int physicalBlockSize() {
    return unit.attributes().physicalBlockSize();
  }

  String store() {
    return unit.store();
  }

  CreateLun.Source shown() {
    return new CreateLun.Source(unit.id(), snapshot);
  }
}
