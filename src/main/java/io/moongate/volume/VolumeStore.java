package io.moongate.volume;

import java.util.concurrent.CompletionStage;

/**
 * A place where volumes are kept: a directory of files, the memory of this process, a Ceph pool.
 */
public interface VolumeStore {

  /** The word for it in the API and the configuration: {@code file}, {@code memory}, ... */
  String kind();

  /**
   * Makes a new volume that reads as zeros. Fails with {@link VolumeException.Reason#EXISTS} when
   * there is one of that id with another geometry; an equal one is left as it is, so that a
   * creation can be repeated.
   */
  CompletionStage<Void> create(String id, long size, int blockSize);

  /**
   * Makes a volume at least so large; what is added reads as zeros. A volume that is larger already
   * is left as it is: nothing ever makes one smaller. May be repeated, by several processes at the
   * same time, and while the volume is open; an open one accepts the new range after its own {@link
   * Volume#grow}. When it is interrupted the volume is as usable as before.
   *
   * @param size bytes, a multiple of the volume's block size
   */
  CompletionStage<Void> grow(String id, long size);

  /** Opens for reading and writing; fails with NOT_FOUND when it was never created. */
  CompletionStage<Volume> open(String id);

  /** Removes the volume and its data; succeeds when it is already gone. */
  CompletionStage<Void> delete(String id);
}
