package io.moongate.cluster.view;

import io.moongate.scsi.Naa;
import io.moongate.scsi.shared.SharedState;
import java.util.Optional;

/**
 * What kind of disk a logical unit is, as it was asked for at its creation. Only whether it is
 * read-only can be changed later.
 *
 * @param removable whether its medium can be ejected and loaded (RMB)
 * @param readOnly whether hosts are refused to write (WP of the mode parameter header)
 * @param provisioning how it comes to the space for its blocks
 * @param physicalBlockSize bytes of a physical block, which hosts align to
 * @param imported what it was before it was this cluster's; empty when it came into being here
 * @param clonedFrom what its volume was cloned from; empty when it was not
 */
public record UnitAttributes(
    boolean removable,
    boolean readOnly,
    Provisioning provisioning,
    int physicalBlockSize,
    Optional<Imported> imported,
    Optional<ClonedFrom> clonedFrom) {

  /**
   * What a unit brings along from elsewhere, so that its hosts find their disk again.
   *
   * @param volume the volume's name in its store; it is kept when the unit is deleted
   * @param naa its NAA designator, as {@link Naa#text} has it; empty: it gets one
   * @param serial its unit serial number; empty: it gets one
   * @param formerUnit id of the unit that it was in a cluster whose metadata are lost; empty when
   *     it comes from others
   */
  public record Imported(
      String volume, Optional<String> naa, Optional<String> serial, Optional<String> formerUnit) {
    public Imported {
      formerUnit = formerUnit == null ? Optional.empty() : formerUnit;
    }

    /** Of a volume that others have made. */
    public Imported(String volume, Optional<String> naa, Optional<String> serial) {
      this(volume, naa, serial, Optional.empty());
    }

    /**
     * Whether a text is an NAA that can come from elsewhere.
     *
     * @param ofUnit whether it was a unit's of such a cluster as this: only those have format 3
     */
    public static boolean isNaa(String text, boolean ofUnit) {
      return Naa.isValid(text) && (ofUnit || !isOwn(text));
    }

    /** Whether an NAA is one that a cluster of Moongate has given (format 3). */
    public static boolean isOwn(String naa) {
      return naa.startsWith("3");
    }
  }

  /**
   * The snapshot whose content a unit had at the beginning.
   *
   * @param unitId id of the unit that had it
   * @param snapshot its name
   */
  public record ClonedFrom(String unitId, String snapshot) {}

  /** How a unit comes to the space for its blocks (SBC-3 section 4.7.2). */
  public enum Provisioning {
    /** A block takes space once it is written, and gives it back when it is deallocated. */
    THIN,
    /** Every block has its space from the beginning. */
    FULL
  }

  /** The largest physical block. */
  public static final int LARGEST_PHYSICAL_BLOCK = 65_536;

  /** A disk like most, and every unit from before there were others. */
  public static final UnitAttributes DEFAULT =
      new UnitAttributes(false, false, Provisioning.THIN, 4096);

  public UnitAttributes {
    provisioning = provisioning == null ? Provisioning.THIN : provisioning;
    imported = imported == null ? Optional.empty() : imported;
    clonedFrom = clonedFrom == null ? Optional.empty() : clonedFrom;
  }

  /** Of a unit that is no clone. */
  public UnitAttributes(
      boolean removable,
      boolean readOnly,
      Provisioning provisioning,
      int physicalBlockSize,
      Optional<Imported> imported) {
    this(removable, readOnly, provisioning, physicalBlockSize, imported, Optional.empty());
  }

  /** Of a unit that comes into being here. */
  public UnitAttributes(
      boolean removable, boolean readOnly, Provisioning provisioning, int physicalBlockSize) {
    this(removable, readOnly, provisioning, physicalBlockSize, Optional.empty());
  }

  /** What is wrong with the size of the physical block; empty when nothing is. */
  public Optional<String> fault(int blockSize) {
    boolean right =
        Integer.bitCount(physicalBlockSize) == 1
            && physicalBlockSize >= blockSize
            && physicalBlockSize <= LARGEST_PHYSICAL_BLOCK;
    return right
        ? Optional.empty()
        : Optional.of(
            "must be a power of two from %d to %d, and is %d"
                .formatted(blockSize, LARGEST_PHYSICAL_BLOCK, physicalBlockSize));
  }

  /** The same, read-only or not. */
  public UnitAttributes withReadOnly(boolean newReadOnly) {
    return new UnitAttributes(
        removable, newReadOnly, provisioning, physicalBlockSize, imported, clonedFrom);
  }

  /**
   * What the device servers share at the beginning. Whoever knows of nothing yet takes a first
   * version for newer.
   *
   * @param change names that version
   */
  public SharedState initial(String change) {
    return readOnly ? SharedState.INITIAL.withReadOnly(true).as(1, change) : SharedState.INITIAL;
  }
}
