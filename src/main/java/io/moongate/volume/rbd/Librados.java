package io.moongate.volume.rbd;

import com.sun.jna.Native;

/**
 * The calls of librados that are used here, as its C header has them. Pointers and {@code size_t}
 * are {@code long}; what is given back by reference is an array of one. Where nothing else is said
 * a result below 0 is an {@code errno} with its sign changed.
 */
@SuppressWarnings("MemberName")
final class Librados {
  private static final String LIBRARY = "librados.so.2";

  private Librados() {}

  /**
   * Loads it, once; before any other call.
   *
   * @throws IllegalStateException when that can't be done
   */
  static void load() {
    Loaded.require();
  }

  /** Natives are bound when this is initialised, and not before somebody wants an RBD store. */
  private static final class Loaded {
    private static final String FAILURE = attempt();

    private static String attempt() {
      if (Native.POINTER_SIZE != 8) {
        return "RBD needs a 64-bit system";
      }
      try {
        Native.register(Librados.class, LIBRARY);
        Native.register(Librbd.class, Librbd.LIBRARY);
        return "";
      } catch (LinkageError e) {
        return "RBD needs %s and %s: install the package librbd1 (%s)"
            .formatted(LIBRARY, Librbd.LIBRARY, e.getMessage().lines().findFirst().orElse(""));
      }
    }

    static void require() {
      if (!FAILURE.isEmpty()) {
        throw new IllegalStateException(FAILURE);
      }
    }
  }

  static native int rados_create2(long[] cluster, String clusterName, String name, long flags);

  static native int rados_conf_read_file(long cluster, String path);

  static native int rados_conf_set(long cluster, String option, String value);

  static native int rados_connect(long cluster);

  static native void rados_shutdown(long cluster);

  /** Of the client: what a lock calls it by. */
  static native long rados_get_instance_id(long cluster);

  static native int rados_wait_for_latest_osdmap(long cluster);

  static native int rados_mon_command(
      long cluster,
      long[] commands,
      long count,
      long input,
      long inputLength,
      long output,
      long outputLength,
      long status,
      long statusLength);

  static native int rados_ioctx_create(long cluster, String pool, long[] context);

  static native void rados_ioctx_destroy(long context);

  static native void rados_ioctx_set_namespace(long context, String namespace);

  /** Writes to a full pool fail from now on; by default they wait until there is space again. */
  static native void rados_set_pool_full_try(long context);

  /** Replaces the whole object, at once or not at all. */
  static native int rados_write_full(long context, String object, byte[] bytes, long length);

  /** Number of bytes read. */
  static native int rados_read(long context, String object, byte[] bytes, long length, long offset);

  /** Has a server do something to an object that it has a class of methods for. */
  static native int rados_exec(
      long context,
      String object,
      String objectClass,
      String method,
      byte[] input,
      long inputLength,
      byte[] output,
      long outputLength);

  /** The callback has two arguments: the completion, and the one that is given here. */
  static native int rados_aio_create_completion2(long argument, long callback, long[] completion);

  static native int rados_aio_stat(
      long context, String object, long completion, long size, long modified);

  static native int rados_aio_get_return_value(long completion);

  static native void rados_aio_release(long completion);

  static native long rados_create_write_op();

  static native void rados_release_write_op(long operation);

  /** The operation is done only if a value of the object is so. */
  static native void rados_write_op_omap_cmp(
      long operation, String key, byte comparison, byte[] value, long length, long result);

  static native void rados_write_op_exec(
      long operation,
      String objectClass,
      String method,
      byte[] input,
      long inputLength,
      long result);

  static native int rados_write_op_operate(
      long operation, long context, String object, long modified, int flags);

  /** A number for a snapshot, greater than all before in the pool; given by the monitors. */
  static native int rados_ioctx_selfmanaged_snap_create(long context, long[] id);

  /** Has the servers remove what only this snapshot needs. */
  static native int rados_ioctx_selfmanaged_snap_remove(long context, long id);

  static native int rados_ioctx_create2(long cluster, long poolId, long[] context);

  /** Makes the object where it is not there; {@code category} means nothing any more. */
  static native void rados_write_op_create(long operation, int exclusive, String category);

  /** Keys (texts) and values are given by their addresses. */
  static native void rados_write_op_omap_set(
      long operation, long[] keys, long[] values, long[] lengths, long count);

  static native void rados_write_op_omap_rm_keys(long operation, long[] keys, long count);

  static native long rados_create_read_op();

  static native void rados_release_read_op(long operation);

  /** The iterator is there at once, its content once the operation was done. */
  static native void rados_read_op_omap_get_vals2(
      long operation,
      String after,
      String prefix,
      long most,
      long[] iterator,
      long more,
      long result);

  static native int rados_read_op_operate(long operation, long context, String object, int flags);

  /** Addresses, which are 0 at the end; they hold until {@link #rados_omap_get_end}. */
  static native int rados_omap_get_next2(
      long iterator, long[] key, long[] value, long[] keyLength, long[] valueLength);

  static native void rados_omap_get_end(long iterator);

  /** Frees what a command has answered. */
  static native void rados_buffer_free(long buffer);

  /** Tells those who watch an object; waits until all have heard it, or the time is over. */
  static native int rados_notify2(
      long context,
      String object,
      byte[] message,
      int length,
      long milliseconds,
      long replies,
      long repliesLength);

  /** Number of those that have the lock. Texts end with a zero each. */
  static native long rados_list_lockers(
      long context,
      String object,
      String lock,
      int[] exclusive,
      byte[] tag,
      long[] tagLength,
      byte[] clients,
      long[] clientsLength,
      byte[] cookies,
      long[] cookiesLength,
      byte[] addresses,
      long[] addressesLength);

  static native int rados_break_lock(
      long context, String object, String lock, String client, String cookie);

  static native int rados_remove(long context, String object);
}
