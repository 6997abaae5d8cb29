package io.moongate.volume.file;

/** The same by mappings. */
class ResidencyTest extends KernelCacheTest {
  @Override
  boolean mapped() {
    return true;
  }
}
