package io.moongate.volume.rbd;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.time.Duration;
import java.util.Map;

/**
 * A client of the cluster, connected, with the pool. The blocklist is of clients: whoever is put
 * there is refused everything for good, and needs a new one.
 */
final class RadosClient implements AutoCloseable {
  /** Options of librbd that safety rests on: docs/decisions/0019-rbd.md. */
  static final Map<String, String> SAFETY =
      Map.of(
          // Should librbd itself take a lock from one who is gone.
          "rbd_blocklist_on_break_lock", "true",
          "rbd_blocklist_expire_seconds", "0",
          // A lock that was taken on purpose is kept, whoever asks for it.
          "rbd_auto_exclusive_lock_until_manual_request", "true",
          // What has completed is on the servers, and all reads come from where the writes go.
          "rbd_cache", "false",
          "rbd_persistent_cache_mode", "disabled",
          "rbd_parent_cache_enabled", "false",
          "rbd_read_from_replica_policy", "default");

  private final long cluster;
  private final long pool;
  private boolean closed;

  private RadosClient(long cluster, long pool) {
    this.cluster = cluster;
    this.pool = pool;
  }

  /**
   * Connects; that takes some tens of milliseconds, or until the timeout.
   *
   * @throws VolumeException with UNAVAILABLE, saying what of the settings it may be about
   */
  static RadosClient connect(RbdSettings settings) {
    Librados.load();
    long[] cluster = new long[1];
    require(
        Librados.rados_create2(cluster, "ceph", "client." + settings.user(), 0),
        "making a client",
        settings);
    try {
      configure(cluster[0], settings);
      require(Librados.rados_connect(cluster[0]), "connecting", settings);
      long[] pool = new long[1];
      require(
          Librados.rados_ioctx_create(cluster[0], settings.pool(), pool),
          "looking for the pool",
          settings);
      Librados.rados_ioctx_set_namespace(pool[0], settings.namespace());
      Librados.rados_set_pool_full_try(pool[0]);
      return new RadosClient(cluster[0], pool[0]);
    } catch (RuntimeException | Error e) {
      Librados.rados_shutdown(cluster[0]);
      throw e;
    }
  }

  private static void configure(long cluster, RbdSettings settings) {
    String file = settings.confFile().toString();
    require(Librados.rados_conf_read_file(cluster, file), "reading " + file, settings);
    settings.keyring().ifPresent(keyring -> set(cluster, "keyring", keyring.toString()));
    SAFETY.forEach((option, value) -> set(cluster, option, value));
    // A write that the client gives up may be done all the same, later.
    set(cluster, "rados_osd_op_timeout", "0");
    String seconds = Long.toString(settings.monitorTimeout().toSeconds());
    set(cluster, "rados_mon_op_timeout", seconds);
    set(cluster, "client_mount_timeout", seconds);
    set(cluster, "admin_socket", "");
    set(cluster, "log_to_stderr", "false");
    set(cluster, "err_to_stderr", "false");
  }

  private static void set(long cluster, String option, String value) {
    if (Librados.rados_conf_set(cluster, option, value) < 0) {
      throw new VolumeException(
          Reason.UNAVAILABLE,
          "this librados does not know %s = %s; it must be of Ceph 16 or later"
              .formatted(option, value));
    }
  }

  private static void require(int result, String action, RbdSettings settings) {
    if (result < 0) {
      throw new VolumeException(
          Reason.UNAVAILABLE,
          "%s as client.%s, keyring %s, pool %s: %s"
              .formatted(
                  action,
                  settings.user(),
                  settings.keyring().map(Object::toString).orElse("of " + settings.confFile()),
                  settings.pool(),
                  Errno.failure(result, "Ceph").getMessage()));
    }
  }

  /** The {@code rados_ioctx_t}. */
  long pool() {
    return pool;
  }

  /**
   * Waits until this client has the newest map of the servers. Each operation that it begins after
   * that is done by a server only once that server has so new a map as well.
   */
  void awaitNewestMap() {
    Errno.check(Librados.rados_wait_for_latest_osdmap(cluster), "waiting for the newest map");
  }

  /**
   * Puts a client on the blocklist, or has one stay there for longer.
   *
   * @param address as the lock has it: address, port and nonce
   */
  void blocklist(String address, Duration period) {
    // librados has a call for that, whose period the monitors of Ceph 16 don't understand.
    String command =
        "{\"prefix\": \"osd blocklist\", \"blocklistop\": \"add\", \"addr\": \"%s\", \"expire\": %d.0}"
            .formatted(address, period.toSeconds());
    try (Memory text = new Memory(command.length() + 1)) {
      text.setString(0, command, "US-ASCII");
      long[] commands = {Pointer.nativeValue(text)};
      Errno.check(
          Librados.rados_mon_command(cluster, commands, 1, 0, 0, 0, 0, 0, 0),
          "blocklisting " + address);
    }
  }

  /** Ends the connection. Nothing of this client may be open or under way any more. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Librados.rados_ioctx_destroy(pool);
      Librados.rados_shutdown(cluster);
    }
  }
}
