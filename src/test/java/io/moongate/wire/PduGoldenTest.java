package io.moongate.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.moongate.wire.InitiatorPdu.DataOut;
import io.moongate.wire.InitiatorPdu.LoginRequest;
import io.moongate.wire.InitiatorPdu.LogoutRequest;
import io.moongate.wire.InitiatorPdu.NopOut;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.InitiatorPdu.SnackRequest;
import io.moongate.wire.InitiatorPdu.TaskManagementRequest;
import io.moongate.wire.InitiatorPdu.TextRequest;
import io.moongate.wire.TargetPdu.AsyncMessage;
import io.moongate.wire.TargetPdu.DataIn;
import io.moongate.wire.TargetPdu.LoginResponse;
import io.moongate.wire.TargetPdu.LogoutResponse;
import io.moongate.wire.TargetPdu.NopIn;
import io.moongate.wire.TargetPdu.ReadyToTransfer;
import io.moongate.wire.TargetPdu.Reject;
import io.moongate.wire.TargetPdu.ScsiResponse;
import io.moongate.wire.TargetPdu.TaskManagementResponse;
import io.moongate.wire.TargetPdu.TextResponse;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each kind of PDU beside its bytes, written by hand from the layouts of RFC 7143 section 11. */
class PduGoldenTest {
  private static final long LUN = 0x0001_0000_0000_0000L;
  private static final int ITT = 0xA1A2A3A4;
  private static final int TTT = 0xB1B2B3B4;
  private static final int CMD_SN = 0xC1C2C3C4;
  private static final int EXP_STAT_SN = 0xD1D2D3D4;
  private static final int STAT_SN = 0xE1E2E3E4;
  private static final int EXP_CMD_SN = 0xF1F2F3F4;
  private static final int MAX_CMD_SN = 0x91929394;
  private static final ByteString NONE = ByteString.emptyByteString();

  private record Golden(Pdu pdu, ByteString bytes) {
    Golden(Pdu pdu, String hex) {
      this(pdu, Bytes.hex(hex));
    }
  }

  /** Rows of 16 bytes: 0, 16, 32, then additional header segments and data. */
  static List<Golden> goldens() {
    return List.of(
        new Golden(
            new NopOut(true, LUN, ITT, TTT, CMD_SN, EXP_STAT_SN, Bytes.hex("70696e67 21")),
            """
            40 80 00 00  00 00 00 05  00 01 00 00  00 00 00 00
            a1 a2 a3 a4  b1 b2 b3 b4  c1 c2 c3 c4  d1 d2 d3 d4
            00 00 00 00  00 00 00 00  00 00 00 00  00 00 00 00
            70 69 6e 67  21 00 00 00
            """),
        new Golden(
            new ScsiCommand(
                false,
                true,
                true,
                false,
                1,
                LUN,
                ITT,
                4096,
                CMD_SN,
                EXP_STAT_SN,
                Bytes.hex("2800 0000 1000 0000 0800 0000 0000 0000"),
                0,
                NONE),
            """
            01 c1 00 00  00 00 00 00  00 01 00 00  00 00 00 00
            a1 a2 a3 a4  00 00 10 00  c1 c2 c3 c4  d1 d2 d3 d4
            28 00 00 00  10 00 00 00  08 00 00 00  00 00 00 00
            """),
        new Golden( // immediate data, not final, head of queue
            new ScsiCommand(
                true,
                false,
                false,
                true,
                3,
                LUN,
                ITT,
                0xFFFF_FFFFL,
                CMD_SN,
                EXP_STAT_SN,
                Bytes.hex("2a00 0000 1000 0000 0800 0000 0000 0000"),
                0,
                Bytes.hex("0102")),
            """
            41 23 00 00  00 00 00 02  00 01 00 00  00 00 00 00
            a1 a2 a3 a4  ff ff ff ff  c1 c2 c3 c4  d1 d2 d3 d4
            2a 00 00 00  10 00 00 00  08 00 00 00  00 00 00 00
            01 02 00 00
            """),
        new Golden( // a CDB of 18 bytes, AHSLength 18 - 15; a read length, AHSLength 5
            new ScsiCommand(
                false,
                true,
                true,
                true,
                2,
                LUN,
                ITT,
                512,
                CMD_SN,
                EXP_STAT_SN,
                Bytes.hex("7f00 0000 0000 000a 0102 0304 0506 0708 090a"),
                0x10203,
                NONE),
            """
            01 e2 00 00  04 00 00 00  00 01 00 00  00 00 00 00
            a1 a2 a3 a4  00 00 02 00  c1 c2 c3 c4  d1 d2 d3 d4
            7f 00 00 00  00 00 00 0a  01 02 03 04  05 06 07 08
            00 03 01 00  09 0a 00 00  00 05 02 00  00 01 02 03
            """),
        new Golden(
            new TaskManagementRequest(
                true, 5, LUN, ITT, 0x01020304, CMD_SN, EXP_STAT_SN, 0x05060708, 0x090A0B0C),
            """
            42 85 00 00  00 00 00 00  00 01 00 00  00 00 00 00
            a1 a2 a3 a4  01 02 03 04  c1 c2 c3 c4  d1 d2 d3 d4
            05 06 07 08  09 0a 0b 0c  00 00 00 00  00 00 00 00
            """),
        new Golden( // transit from 1 to 3; ISID 00023d000001, TSIH 0102, CID 0304
            new LoginRequest(
                true,
                false,
                1,
                3,
                0,
                0,
                0x0002_3D00_0001L,
                0x0102,
                ITT,
                0x0304,
                CMD_SN,
                EXP_STAT_SN,
                Bytes.hex("413d62 00")),
            """
            43 87 00 00  00 00 00 04  00 02 3d 00  00 01 01 02
            a1 a2 a3 a4  03 04 00 00  c1 c2 c3 c4  d1 d2 d3 d4
            00 00 00 00  00 00 00 00  00 00 00 00  00 00 00 00
            41 3d 62 00
            """),
        new Golden(
            new TextRequest(
                false, false, true, LUN, ITT, TTT, CMD_SN, EXP_STAT_SN, Bytes.hex("413d62")),
            """
            04 40 00 00  00 00 00 03  00 01 00 00  00 00 00 00
            a1 a2 a3 a4  b1 b2 b3 b4  c1 c2 c3 c4  d1 d2 d3 d4
            00 00 00 00  00 00 00 00  00 00 00 00  00 00 00 00
            41 3d 62 00
            """),
        new Golden(
            new DataOut(
                true, LUN, ITT, TTT, EXP_STAT_SN, 0x01020304, 0x8000_0200L, Bytes.hex("aabbccdd")),
            """
            05 80 00 00  00 00 00 04  00 01 00 00  00 00 00 00
            a1 a2 a3 a4  b1 b2 b3 b4  00 00 00 00  d1 d2 d3 d4
            00 00 00 00  01 02 03 04  80 00 02 00  00 00 00 00
            aa bb cc dd
            """),
        new Golden(
            new LogoutRequest(true, 1, ITT, 0x0304, CMD_SN, EXP_STAT_SN),
            """
            46 81 00 00  00 00 00 00  00 00 00 00  00 00 00 00
            a1 a2 a3 a4  03 04 00 00  c1 c2 c3 c4  d1 d2 d3 d4
            00 00 00 00  00 00 00 00  00 00 00 00  00 00 00 00
            """),
        new Golden(
            new SnackRequest(3, LUN, ITT, TTT, EXP_STAT_SN, 0x01020304, 0x05060708),
            """
            10 83 00 00  00 00 00 00  00 01 00 00  00 00 00 00
            a1 a2 a3 a4  b1 b2 b3 b4  00 00 00 00  d1 d2 d3 d4
            00 00 00 00  00 00 00 00  01 02 03 04  05 06 07 08
            """),
        new Golden(
            new NopIn(LUN, ITT, TTT, STAT_SN, EXP_CMD_SN, MAX_CMD_SN, NONE),
            """
            20 80 00 00  00 00 00 00  00 01 00 00  00 00 00 00
            a1 a2 a3 a4  b1 b2 b3 b4  e1 e2 e3 e4  f1 f2 f3 f4
            91 92 93 94  00 00 00 00  00 00 00 00  00 00 00 00
            """),
        new Golden( // o and U, CHECK CONDITION with two bytes of sense data
            new ScsiResponse(
                true,
                false,
                false,
                true,
                0,
                2,
                ITT,
                0x01020304,
                STAT_SN,
                EXP_CMD_SN,
                MAX_CMD_SN,
                0x05060708,
                0x090A0B0C,
                0x0D0E0F10,
                Bytes.hex("0002 7000")),
            """
            21 92 00 02  00 00 00 04  00 00 00 00  00 00 00 00
            a1 a2 a3 a4  01 02 03 04  e1 e2 e3 e4  f1 f2 f3 f4
            91 92 93 94  05 06 07 08  09 0a 0b 0c  0d 0e 0f 10
            00 02 70 00
            """),
        new Golden( // u and O, target failure
            new ScsiResponse(
                false,
                true,
                true,
                false,
                1,
                0,
                ITT,
                0,
                STAT_SN,
                EXP_CMD_SN,
                MAX_CMD_SN,
                0,
                0,
                0,
                NONE),
            """
            21 8c 01 00  00 00 00 00  00 00 00 00  00 00 00 00
            a1 a2 a3 a4  00 00 00 00  e1 e2 e3 e4  f1 f2 f3 f4
            91 92 93 94  00 00 00 00  00 00 00 00  00 00 00 00
            """),
        new Golden(
            new TaskManagementResponse(255, ITT, STAT_SN, EXP_CMD_SN, MAX_CMD_SN),
            """
            22 80 ff 00  00 00 00 00  00 00 00 00  00 00 00 00
            a1 a2 a3 a4  00 00 00 00  e1 e2 e3 e4  f1 f2 f3 f4
            91 92 93 94  00 00 00 00  00 00 00 00  00 00 00 00
            """),
        new Golden( // continued in stage 0; status 0201
            new LoginResponse(
                false,
                true,
                0,
                1,
                0x05,
                0x06,
                0x8000_0000_0001L,
                0xFFFE,
                ITT,
                STAT_SN,
                EXP_CMD_SN,
                MAX_CMD_SN,
                2,
                1,
                Bytes.hex("413d62 00 42")),
            """
            23 41 05 06  00 00 00 05  80 00 00 00  00 01 ff fe
            a1 a2 a3 a4  00 00 00 00  e1 e2 e3 e4  f1 f2 f3 f4
            91 92 93 94  02 01 00 00  00 00 00 00  00 00 00 00
            41 3d 62 00  42 00 00 00
            """),
        new Golden(
            new TextResponse(
                true, false, LUN, ITT, -1, STAT_SN, EXP_CMD_SN, MAX_CMD_SN, Bytes.hex("413d62 00")),
            """
            24 80 00 00  00 00 00 04  00 01 00 00  00 00 00 00
            a1 a2 a3 a4  ff ff ff ff  e1 e2 e3 e4  f1 f2 f3 f4
            91 92 93 94  00 00 00 00  00 00 00 00  00 00 00 00
            41 3d 62 00
            """),
        new Golden( // final, underflow, with status
            new DataIn(
                true,
                false,
                false,
                true,
                true,
                0x02,
                LUN,
                ITT,
                -1,
                STAT_SN,
                EXP_CMD_SN,
                MAX_CMD_SN,
                0x01020304,
                0xF000_0000L,
                0x05060708,
                Bytes.hex("aabbcc")),
            """
            25 83 00 02  00 00 00 03  00 01 00 00  00 00 00 00
            a1 a2 a3 a4  ff ff ff ff  e1 e2 e3 e4  f1 f2 f3 f4
            91 92 93 94  01 02 03 04  f0 00 00 00  05 06 07 08
            aa bb cc 00
            """),
        new Golden( // acknowledge, overflow
            new DataIn(
                false,
                true,
                true,
                false,
                false,
                0,
                LUN,
                ITT,
                TTT,
                0,
                EXP_CMD_SN,
                MAX_CMD_SN,
                0,
                0,
                0,
                Bytes.hex("aabbccdd")),
            """
            25 44 00 00  00 00 00 04  00 01 00 00  00 00 00 00
            a1 a2 a3 a4  b1 b2 b3 b4  00 00 00 00  f1 f2 f3 f4
            91 92 93 94  00 00 00 00  00 00 00 00  00 00 00 00
            aa bb cc dd
            """),
        new Golden(
            new LogoutResponse(2, ITT, STAT_SN, EXP_CMD_SN, MAX_CMD_SN, 0x0102, 0x0304),
            """
            26 80 02 00  00 00 00 00  00 00 00 00  00 00 00 00
            a1 a2 a3 a4  00 00 00 00  e1 e2 e3 e4  f1 f2 f3 f4
            91 92 93 94  00 00 00 00  01 02 03 04  00 00 00 00
            """),
        new Golden(
            new ReadyToTransfer(
                LUN,
                ITT,
                TTT,
                STAT_SN,
                EXP_CMD_SN,
                MAX_CMD_SN,
                0x01020304,
                0x8000_0000L,
                0xFFFF_FE00L),
            """
            31 80 00 00  00 00 00 00  00 01 00 00  00 00 00 00
            a1 a2 a3 a4  b1 b2 b3 b4  e1 e2 e3 e4  f1 f2 f3 f4
            91 92 93 94  01 02 03 04  80 00 00 00  ff ff fe 00
            """),
        new Golden(
            new AsyncMessage(
                LUN, STAT_SN, EXP_CMD_SN, MAX_CMD_SN, 1, 0x7F, 0x0102, 0x0304, 0x0506, NONE),
            """
            32 80 00 00  00 00 00 00  00 01 00 00  00 00 00 00
            ff ff ff ff  00 00 00 00  e1 e2 e3 e4  f1 f2 f3 f4
            91 92 93 94  01 7f 01 02  03 04 05 06  00 00 00 00
            """),
        new Golden(
            new Reject(
                0x09,
                STAT_SN,
                EXP_CMD_SN,
                MAX_CMD_SN,
                0x01020304,
                Bytes.hex("0580" + "00".repeat(46))),
            """
            3f 80 09 00  00 00 00 30  00 00 00 00  00 00 00 00
            ff ff ff ff  00 00 00 00  e1 e2 e3 e4  f1 f2 f3 f4
            91 92 93 94  01 02 03 04  00 00 00 00  00 00 00 00
            05 80 00 00  00 00 00 00  00 00 00 00  00 00 00 00
            00 00 00 00  00 00 00 00  00 00 00 00  00 00 00 00
            00 00 00 00  00 00 00 00  00 00 00 00  00 00 00 00
            """));
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void encodes(Golden golden) {
    assertEquals(golden.bytes(), new PduEncoder(new DigestSettings()).encode(golden.pdu()));
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void decodes(Golden golden) {
    PduDecoder decoder = new PduDecoder(new DigestSettings());
    decoder.feed(golden.bytes());
    assertEquals(golden.pdu(), decoder.next());
    assertNull(decoder.next());
  }

  @Test
  void everyKindHasItsBytes() {
    Set<Class<?>> written =
        goldens().stream().map(golden -> golden.pdu().getClass()).collect(Collectors.toSet());
    assertEquals(Set.copyOf(PduSamples.kinds()), written);
  }

  @Test
  void reservedBitsAreIgnored() {
    PduDecoder decoder = new PduDecoder(new DigestSettings());
    decoder.feed(
        Bytes.hex(
            """
            c0 ff ff ff  00 00 00 00  00 01 00 00  00 00 00 00
            a1 a2 a3 a4  b1 b2 b3 b4  c1 c2 c3 c4  d1 d2 d3 d4
            ff ff ff ff  ff ff ff ff  ff ff ff ff  ff ff ff ff
            """));
    assertEquals(new NopOut(true, LUN, ITT, TTT, CMD_SN, EXP_STAT_SN, NONE), decoder.next());
  }
}
