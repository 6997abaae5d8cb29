package io.moongate.volume;

/**
 * What a volume offers.
 *
 * @param size bytes, a multiple of {@code blockSize}
 * @param blockSize bytes of a logical block, 512 or 4096
 * @param unmap whether ranges can be deallocated
 * @param unmapGranularity bytes in which deallocation is effective
 * @param optimalTransfer bytes of the store's preferred transfer, 0 when it has none
 * @param volatileCache whether completed writes may still be lost before a flush
 * @param atomicWrite bytes that {@link Volume#writeAtomic} takes at most; 0 when it is not offered
 * @param physicalBlockSize bytes of a physical block: a power of two, at least {@code blockSize}.
 *     What is written in whole ones, aligned, costs the store no reading
 */
public record VolumeGeometry(
    long size,
    int blockSize,
    boolean unmap,
    int unmapGranularity,
    int optimalTransfer,
    boolean volatileCache,
    int atomicWrite,
    int physicalBlockSize) {

  /** With physical blocks that are logical ones. */
  public VolumeGeometry(
      long size,
      int blockSize,
      boolean unmap,
      int unmapGranularity,
      int optimalTransfer,
      boolean volatileCache,
      int atomicWrite) {
    this(
        size,
        blockSize,
        unmap,
        unmapGranularity,
        optimalTransfer,
        volatileCache,
        atomicWrite,
        blockSize);
  }

  /** The same without atomic writes. */
  public VolumeGeometry(
      long size,
      int blockSize,
      boolean unmap,
      int unmapGranularity,
      int optimalTransfer,
      boolean volatileCache) {
    this(size, blockSize, unmap, unmapGranularity, optimalTransfer, volatileCache, 0);
  }

  public VolumeGeometry {
    if (blockSize != 512 && blockSize != 4096) {
      throw new IllegalArgumentException("blockSize must be 512 or 4096, not " + blockSize);
    }
    if (size <= 0 || size % blockSize != 0) {
      throw new IllegalArgumentException(
          "size must be a positive multiple of " + blockSize + ", not " + size);
    }
    if (physicalBlockSize < blockSize || Integer.bitCount(physicalBlockSize) != 1) {
      throw new IllegalArgumentException(
          "physicalBlockSize must be a power of two, not less than %d, not %d"
              .formatted(blockSize, physicalBlockSize));
    }
  }

  /** The same with a greater size; itself when it is that large already. */
  public VolumeGeometry grownTo(long newSize) {
    return newSize <= size
        ? this
        : new VolumeGeometry(
            newSize,
            blockSize,
            unmap,
            unmapGranularity,
            optimalTransfer,
            volatileCache,
            atomicWrite,
            physicalBlockSize);
  }

  /** Logical blocks of a physical one. */
  public int blocksPerPhysical() {
    return physicalBlockSize / blockSize;
  }

  /**
   * Refuses a range that is not within the volume or not made of whole blocks. An empty range is
   * allowed: SBC-3 makes a transfer of no blocks a success.
   *
   * @param offset bytes
   * @param length bytes
   * @throws VolumeException with {@link VolumeException.Reason#RANGE}
   */
  public void requireRange(long offset, long length) {
    // Written so that no sum can overflow.
    if (offset < 0 || length < 0 || offset > size || length > size - offset) {
      throw new VolumeException(
          VolumeException.Reason.RANGE,
          "%d bytes at %d are outside the volume's %d".formatted(length, offset, size));
    }
    if (offset % blockSize != 0 || length % blockSize != 0) {
      throw new VolumeException(
          VolumeException.Reason.RANGE,
          "%d bytes at %d are not whole blocks of %d".formatted(length, offset, blockSize));
    }
  }
}
