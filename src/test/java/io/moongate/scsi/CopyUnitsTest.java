package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.NEXUS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import io.moongate.scsi.copy.CopySettings;
import io.moongate.scsi.copy.CopyUnits;
import io.moongate.volume.VolumeGeometry;
import java.io.File;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Which units a copy may reach, and the settings of copies. */
class CopyUnitsTest {
  private static final Config SHIPPED =
      ConfigFactory.parseFile(new File("conf/scsi.conf")).resolve();

  private record Target(String name, Map<Long, LogicalUnit> units) implements TargetDevice {
    @Override
    public int portalGroupTag() {
      return 1;
    }

    @Override
    public Optional<LogicalUnit> unit(long lun) {
      return Optional.ofNullable(units.get(lun));
    }

    @Override
    public List<Long> luns() {
      return List.copyOf(units.keySet());
    }

    @Override
    public long generation() {
      return 0;
    }

    @Override
    public long inventory() {
      return units.keySet().hashCode();
    }
  }

  /** What each initiator sees of the one target. */
  private record Directory(Map<String, Map<Long, LogicalUnit>> seen) implements TargetDirectory {
    @Override
    public Optional<TargetDevice> target(String name, String initiator) {
      return name.equals(UnitFixture.TARGET) && seen.containsKey(initiator)
          ? Optional.of(new Target(name, seen.get(initiator)))
          : Optional.empty();
    }

    @Override
    public List<Entry> entries(String initiator) {
      return List.of();
    }

    @Override
    public Admission admission(Optional<String> target, String initiator) {
      return Admission.OPEN;
    }
  }

  @Test
  void whatTheInitiatorSeesOfItsTarget() {
    CopyFixture fixture = new CopyFixture();
    LogicalUnit a = fixture.a.unit;
    LogicalUnit b = fixture.b.unit;
    Directory directory =
        new Directory(
            Map.of(
                NEXUS.initiatorName(), new TreeMap<>(Map.of(0L, a, 1L << 48, b)),
                UnitFixture.OTHER.initiatorName(), new TreeMap<>(Map.of(0L, a))));
    Naa naa = b.identity().naa();
    assertSame(b.copyParty().orElseThrow(), CopyUnits.visible(directory, NEXUS, naa).orElseThrow());
    assertEquals(Optional.empty(), CopyUnits.visible(directory, UnitFixture.OTHER, naa));
    assertEquals(
        Optional.empty(), CopyUnits.visible(directory, NEXUS, Naa.of(0x3000_0000_0000_0007L)));
    Nexus elsewhere = new Nexus(NEXUS.initiatorName(), 1, "iqn.2026-01.io.moongate:other", 1);
    assertEquals(Optional.empty(), CopyUnits.visible(directory, elsewhere, naa));
    assertEquals(
        new VolumeGeometry(1 << 19, 512, true, 4096, 0, true),
        b.copyParty().orElseThrow().geometry());
  }

  @Test
  void theShippedFileIsComplete() {
    assertEquals(
        new CopySettings(
            16, 16 << 20, 512 << 10, 4, 8, 16, 4096, java.time.Duration.ofMillis(20), 2),
        CopySettings.from(SHIPPED));
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    for (String wrong :
        List.of(
            "max-segments = 0",
            "max-segment-length = 512 KiB",
            "max-segment-length = 2 GiB",
            "piece-size = 5000",
            "pieces-in-flight = 65",
            "max-copies-per-unit = 256",
            "max-copies = 0",
            "max-held-results = -1",
            "retry-interval = 0 ms",
            "threads = 0")) {
      Config config = ConfigFactory.parseString("moongate.scsi.copy { " + wrong + " }");
      assertThrows(
          ConfigException.class, () -> CopySettings.from(config.withFallback(SHIPPED)), wrong);
    }
  }
}
