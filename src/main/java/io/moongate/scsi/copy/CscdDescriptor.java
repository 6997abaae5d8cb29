package io.moongate.scsi.copy;

import io.moongate.scsi.Naa;
import io.moongate.scsi.command.Cdb;
import java.util.HexFormat;
import java.util.Optional;

/**
 * An identification CSCD descriptor (SPC-4 section 6.4.5).
 *
 * @param at its offset in the parameter list
 * @param deviceType PERIPHERAL DEVICE TYPE
 * @param naa its designator, when that is an NAA; empty for any other, which none of our units is
 *     found by
 * @param blockLength DISK BLOCK LENGTH in bytes; 0 when it is not given
 */
record CscdDescriptor(int at, int deviceType, Optional<Naa> naa, int blockLength) {
  static final int LENGTH = 32;
  static final int IDENTIFICATION = 0xE4;

  /** Where DISK BLOCK LENGTH is. */
  static final int BLOCK_LENGTH_AT = 29;

  private static final int LONGEST_DESIGNATOR = 20;
  private static final int BINARY = 1;
  private static final int NAA_OF_UNIT = 0x03; // association 00b, designator type 3h

  static boolean isSupported(int type) {
    return type == IDENTIFICATION;
  }

  static CscdDescriptor of(Cdb in, int at) {
    return new CscdDescriptor(at, in.u8(at + 1) & 0x1F, naa(in, at), in.u24(at + BLOCK_LENGTH_AT));
  }

  private static Optional<Naa> naa(Cdb in, int at) {
    int length = in.u8(at + 7);
    boolean present =
        (in.u8(at + 4) & 0x0F) == BINARY
            && (in.u8(at + 5) & 0x3F) == NAA_OF_UNIT
            && length <= LONGEST_DESIGNATOR;
    String text = present ? HexFormat.of().formatHex(in.bytes(), at + 8, at + 8 + length) : "";
    return Naa.isValid(text) ? Optional.of(new Naa(text)) : Optional.empty();
  }
}
