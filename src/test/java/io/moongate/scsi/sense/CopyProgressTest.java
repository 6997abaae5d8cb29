package io.moongate.scsi.sense;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.Status;
import io.moongate.scsi.sense.CopyProgress.Reported;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CopyProgressTest {
  private static final Sense ABORTED =
      Sense.of(SenseKey.COPY_ABORTED, 0x0D01).withSpecific(0x800010).withInformation(0x1122);

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private static Sense with(int segment, Reported reported) {
    return ABORTED.with(new CopyProgress(segment, Optional.ofNullable(reported)));
  }

  @Test
  void fixedFormat() {
    assertEquals(
        "f0000a00001122" + "0a" + "00000102" + "0d0100" + "800010",
        hex(with(0x0102, null).encode(false)));
    Reported conflict = new Reported(false, Status.RESERVATION_CONFLICT, new byte[0]);
    assertEquals(
        "f0000a00001122" + "0b" + "00120003" + "0d0100" + "800010" + "18",
        hex(with(3, conflict).encode(false)));
    byte[] sense = Sense.READ_ERROR.encode(true);
    assertEquals(
        "f0000a00001122" + "13" + "12000003" + "0d0100" + "800010" + "02" + hex(sense),
        hex(with(3, new Reported(true, Status.CHECK_CONDITION, sense)).encode(false)));
  }

  @Test
  void descriptorFormat() {
    byte[] sense = Sense.READ_ERROR.encode(true);
    String header = "720a0d01000000";
    String information = "000a8000" + "0000000000001122";
    String specific = "02060000" + "80001000";
    String commandSpecific = "010a0000" + "0000000300000000";
    assertEquals(
        header + "20" + information + specific + commandSpecific, hex(with(3, null).encode(true)));
    assertEquals(
        header + "2c" + information + specific + commandSpecific + "0c0a0102" + hex(sense),
        hex(with(3, new Reported(true, Status.CHECK_CONDITION, sense)).encode(true)));
    assertEquals(
        header + "24" + information + specific + commandSpecific + "0c020218",
        hex(with(3, new Reported(false, Status.RESERVATION_CONFLICT, new byte[0])).encode(true)));
  }

  @Test
  void whatWasForwardedIsCutToWhatFits() {
    Sense tooLong = with(0, new Reported(true, Status.CHECK_CONDITION, new byte[400]));
    assertTrue(tooLong.encode(false).length <= 252);
    byte[] descriptors = tooLong.encode(true);
    assertTrue(descriptors.length <= 252);
    assertEquals(descriptors.length - 8, descriptors[7] & 0xFF);
    assertEquals(0x81, descriptors[8 + 12 + 8 + 12 + 2] & 0xFF, "FSDT");
  }

  @Test
  void theRestIsReadBack() {
    for (boolean format : new boolean[] {false, true}) {
      assertEquals(Optional.of(ABORTED), Sense.decode(with(3, null).encode(format)));
    }
  }
}
