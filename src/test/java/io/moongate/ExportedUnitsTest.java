package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.scsi.BlockUnit;
import io.moongate.scsi.ScsiSettings;
import io.moongate.scsi.UnitIdentity;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.volume.VolumeGeometry;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What the device server of a unit is told of the kind of disk that it is. */
class ExportedUnitsTest {
  private static final ScsiSettings SETTINGS =
      ScsiSettings.from(ConfigFactory.parseFile(new File("conf/scsi.conf")).resolve());

  private final List<UnitIdentity> identities = new ArrayList<>();
  private final List<VolumeGeometry> geometries = new ArrayList<>();

  private final ExportedUnits units =
      new ExportedUnits(
          new Volumes(List.of()),
          owner -> null,
          (identity, geometry, alua) -> {
            identities.add(identity);
            geometries.add(geometry);
            return new BlockUnit(identity, geometry, alua, now -> true, UnitPeers.ALONE, SETTINGS);
          },
          (unit, group, cause) -> CompletableFuture.failedStage(new IllegalStateException()));

  private static UnitEntry entry(UnitAttributes attributes) {
    UnitEntry unit = Entries.unit("u0", 1, UnitEntry.Phase.SERVING, 1, "gw1");
    return new UnitEntry(
        unit.id(),
        unit.version(),
        0x3000_0000_0000_0001L,
        unit.serial(),
        unit.store(),
        1 << 20,
        512,
        unit.preferred(),
        unit.ownership(),
        false,
        0,
        attributes.initial("u0"),
        attributes);
  }

  @Test
  void aDiskLikeMost() {
    units.unit(entry(UnitAttributes.DEFAULT));
    assertFalse(identities.get(0).removable());
    assertTrue(geometries.get(0).unmap());
    assertEquals(8, geometries.get(0).blocksPerPhysical());
  }

  @Test
  void aDiskLikeFew() {
    units.unit(entry(new UnitAttributes(true, true, UnitAttributes.Provisioning.FULL, 512)));
    assertTrue(identities.get(0).removable());
    assertFalse(geometries.get(0).unmap());
    assertEquals(1, geometries.get(0).blocksPerPhysical());
  }
}
