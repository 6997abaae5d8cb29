package io.moongate.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import io.moongate.scsi.task.TaskLimits;
import java.io.File;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ScsiSettingsTest {
  private static final Config SHIPPED =
      ConfigFactory.parseFile(new File("conf/scsi.conf")).resolve();

  @Test
  void theShippedFileIsComplete() {
    assertEquals(
        new ScsiSettings(
            new TaskLimits(1024, 512, 256, 64 << 20),
            8 << 20,
            128,
            512L << 20,
            256,
            16L << 20,
            false,
            1L << 30,
            Duration.ofSeconds(10),
            32 << 20),
        ScsiSettings.from(SHIPPED));
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    for (String wrong :
        new String[] {
          "max-tasks = 0",
          "max-held = -1",
          "max-transfer = 128 KiB",
          "max-transfer = 1 GiB",
          "max-compare-and-write = 256",
          "max-unmap = 1",
          "max-unmap-descriptors = 4096",
          "max-write-same = 10 TiB",
          "thin-provisioning-threshold = -1",
          "thin-provisioning-interval = 0s",
          "sanitize-rate = 1"
        }) {
      Config config = ConfigFactory.parseString("moongate.scsi { " + wrong + " }");
      assertThrows(
          ConfigException.class, () -> ScsiSettings.from(config.withFallback(SHIPPED)), wrong);
    }
  }
}
