package io.moongate;

import io.moongate.cluster.unit.DataPath;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.Route;
import io.moongate.scsi.UnitIdentity;
import io.moongate.volume.VolumeGeometry;
import io.moongate.volume.VolumeStore;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** The {@link ExportedUnits} of a gateway for tests that are not in this package. */
public final class UnitsOfGateway {
  private UnitsOfGateway() {}

  /** Makes the device server of a unit. */
  public interface Factory {
    LogicalUnit make(UnitIdentity identity, VolumeGeometry geometry);
  }

  public static DataPath dataPath(
      VolumeStore store, Function<GatewayEntry, Route.Forwarder> relays, Factory factory) {
    return new ExportedUnits(
        new Volumes(List.of(store)),
        relays,
        (identity, geometry, alua) -> factory.make(identity, geometry),
        (unitId, portGroup, cause) ->
            CompletableFuture.failedStage(new UnsupportedOperationException()));
  }
}
