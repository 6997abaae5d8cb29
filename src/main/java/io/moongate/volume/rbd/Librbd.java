package io.moongate.volume.rbd;

import com.sun.jna.Callback;

/**
 * The calls of librbd that are used here; as for {@link Librados}, which also loads it. Calls with
 * {@code aio} in their name return at once, and their result is that of the completion; the others
 * wait, for as long as the cluster takes.
 */
@SuppressWarnings("MemberName")
final class Librbd {
  static final String LIBRARY = "librbd.so.1";

  static final long FEATURE_LAYERING = 1;
  static final long FEATURE_EXCLUSIVE_LOCK = 1 << 2;
  static final long FEATURE_OBJECT_MAP = 1 << 3;
  static final long FEATURE_FAST_DIFF = 1 << 4;
  static final long FEATURE_DEEP_FLATTEN = 1 << 5;
  static final long FEATURE_DATA_POOL = 1 << 7;
  static final long FEATURE_OPERATIONS = 1 << 8;

  /** The lock is nobody else's, and isn't given to whoever asks for it. */
  static final int LOCK_EXCLUSIVE = 0;

  private static final int OPTION_FEATURES = 1;
  private static final int OPTION_CLONE_FORMAT = 12;

  private Librbd() {}

  /** Called by a thread of librbd when an asynchronous call has ended. */
  interface Completed extends Callback {
    void callback(long completion, long argument);
  }

  /** Called for each extent, in the thread that asked. A result below 0 ends the iteration. */
  interface Extents extends Callback {
    int callback(long offset, long length, int exists, long argument);
  }

  static native int rbd_create2(
      long context, String name, long size, long features, int[] objectOrder);

  /**
   * Ids and names, by two addresses each, of the images of a pool. ERANGE with their number when
   * there is too little room.
   */
  static native int rbd_list2(long context, long images, long[] count);

  /** Frees ids and names. */
  static native void rbd_image_spec_list_cleanup(long images, long count);

  static native int rbd_remove(long context, String name);

  static native int rbd_namespace_exists(long context, String name, byte[] exists);

  static native int rbd_open(long context, String name, long[] image, String snapshot);

  static native int rbd_open_read_only(long context, String name, long[] image, String snapshot);

  static native int rbd_close(long image);

  static native int rbd_get_size(long image, long[] size);

  static native int rbd_get_features(long image, long[] features);

  static native int rbd_update_features(long image, long features, byte enabled);

  static native int rbd_get_stripe_unit(long image, long[] bytes);

  static native int rbd_get_id(long image, byte[] id, long length);

  static native int rbd_metadata_get(long image, String key, byte[] value, long[] length);

  /**
   * Who watches, those that have it open: an address (a pointer to text), an id and a cookie of 8
   * bytes each. ERANGE with their number when there is too little room.
   */
  static native int rbd_watchers_list(long image, long[] watchers, long[] count);

  /** Frees the addresses. */
  static native void rbd_watchers_list_cleanup(long[] watchers, long count);

  /**
   * Keys and values end with a zero each; lengths in bytes, of the room and then of what is there.
   */
  static native int rbd_metadata_list(
      long image,
      String after,
      long most,
      byte[] keys,
      long[] keysLength,
      byte[] values,
      long[] valuesLength);

  static native int rbd_pool_metadata_list(
      long context,
      String after,
      long most,
      byte[] keys,
      long[] keysLength,
      byte[] values,
      long[] valuesLength);

  static native int rbd_snap_get_id(long image, String name, long[] id);

  /**
   * Their number: of each a number, a size in bytes and the address of a name, 8 bytes each. ERANGE
   * with the room for one more than there are, which is needed, when there is too little.
   */
  static native int rbd_snap_list(long image, long[] snapshots, int[] most);

  /** Frees the names. */
  static native void rbd_snap_list_end(long[] snapshots);

  static native int rbd_snap_rollback(long image, String name);

  static native long rbd_get_data_pool_id(long image);

  static native int rbd_clone3(
      long parentContext, String parent, String snapshot, long context, String name, long options);

  static native void rbd_image_options_create(long[] options);

  static native void rbd_image_options_destroy(long options);

  static native int rbd_image_options_set_uint64(long options, int option, long value);

  /** As {@link #rbd_clone3}, within a pool: one that does not need a protected snapshot. */
  static int clone(long context, String parent, String snapshot, String name, long features) {
    long[] options = new long[1];
    rbd_image_options_create(options);
    try {
      int set = rbd_image_options_set_uint64(options[0], OPTION_FEATURES, features);
      if (set == 0) {
        set = rbd_image_options_set_uint64(options[0], OPTION_CLONE_FORMAT, 2);
      }
      return set < 0 ? set : rbd_clone3(context, parent, snapshot, context, name, options[0]);
    } finally {
      rbd_image_options_destroy(options[0]);
    }
  }

  static native int rbd_is_exclusive_lock_owner(long image, int[] isOwner);

  static native int rbd_lock_acquire(long image, int mode);

  static native int rbd_lock_release(long image);

  static native int rbd_diff_iterate2(
      long image,
      String fromSnapshot,
      long offset,
      long length,
      byte includeParent,
      byte wholeObject,
      Extents each,
      long argument);

  /** Number of bytes written. */
  static native long rbd_write(long image, long offset, long length, byte[] bytes);

  static native int rbd_aio_create_completion(long argument, long callback, long[] completion);

  static native long rbd_aio_get_return_value(long completion);

  static native void rbd_aio_release(long completion);

  static native int rbd_aio_read(
      long image, long offset, long length, long target, long completion);

  static native int rbd_aio_write(
      long image, long offset, long length, long source, long completion);

  /** Unlike a discard, which leaves out what it takes for too small, the range reads as zeros. */
  static native int rbd_aio_write_zeroes(
      long image, long offset, long length, long completion, int zeroFlags, int flags);

  static native int rbd_aio_writesame(
      long image,
      long offset,
      long length,
      long source,
      long sourceLength,
      long completion,
      int flags);

  static native int rbd_aio_flush(long image, long completion);
}
