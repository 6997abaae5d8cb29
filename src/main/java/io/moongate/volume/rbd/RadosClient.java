package io.moongate.volume.rbd;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.function.LongFunction;

/**
 * A client of the cluster, connected, with the pool. The blocklist is of clients: whoever is put
 * there is refused everything for good, and needs a new one.
 */
final class RadosClient implements AutoCloseable {
  private final long cluster;
  private final long pool;
  private final long wholePool;
  private boolean closed;

  /** Calls of other threads that have not ended. */
  private int calls;

  private RadosClient(long cluster, long pool, long wholePool) {
    this.cluster = cluster;
    this.pool = pool;
    this.wholePool = wholePool;
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
      long wholePool = context(cluster[0], settings);
      long pool = context(cluster[0], settings);
      requireNamespace(wholePool, settings);
      Librados.rados_ioctx_set_namespace(pool, settings.namespace());
      Librados.rados_set_pool_full_try(pool);
      return new RadosClient(cluster[0], pool, wholePool);
    } catch (RuntimeException | Error e) {
      Librados.rados_shutdown(cluster[0]);
      throw e;
    }
  }

  private static long context(long cluster, RbdSettings settings) {
    long[] context = new long[1];
    require(
        Librados.rados_ioctx_create(cluster, settings.pool(), context),
        "looking for the pool",
        settings);
    return context[0];
  }

  /** What is in a namespace that is not there, as it may be misspelt, must not count as gone. */
  private static void requireNamespace(long wholePool, RbdSettings settings) {
    if (settings.namespace().isEmpty()) {
      return;
    }
    byte[] exists = new byte[1];
    int result = Librbd.rbd_namespace_exists(wholePool, settings.namespace(), exists);
    if (result == -Errno.EPERM || result == -Errno.EACCES) {
      return; // A user of one namespace only may not look.
    }
    require(result, "looking for namespace " + settings.namespace(), settings);
    if (exists[0] == 0) {
      require(-Errno.ENOENT, "looking for namespace " + settings.namespace(), settings);
    }
  }

  private static void configure(long cluster, RbdSettings settings) {
    String file = settings.confFile().toString();
    require(Librados.rados_conf_read_file(cluster, file), "reading " + file, settings);
    settings.keyring().ifPresent(keyring -> set(cluster, "keyring", keyring.toString()));
    SafeOptions.VALUES.forEach((option, value) -> set(cluster, option, value));
    set(cluster, "rbd_move_to_trash_on_remove", "false");
    // Not known to Ceph 16, which does no such reads unless librbd asks for them.
    Librados.rados_conf_set(cluster, "rados_replica_read_policy", "default");
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
          "%s as client.%s, keyring %s, pool %s: %s%s"
              .formatted(
                  action,
                  settings.user(),
                  settings.keyring().map(Object::toString).orElse("of " + settings.confFile()),
                  settings.pool(),
                  Errno.failure(result, "Ceph").getMessage(),
                  advice(-result, settings)));
    }
  }

  private static String advice(int errno, RbdSettings settings) {
    return switch (errno) {
      case Errno.EACCES, Errno.EPERM ->
          "; the key must be that of 'ceph auth get client.%s'".formatted(settings.user());
      case Errno.ETIMEDOUT ->
          "; no monitor has let it in within %d s".formatted(settings.monitorTimeout().toSeconds());
      default -> "";
    };
  }

  /** What a lock calls this client. */
  String id() {
    return "client." + Librados.rados_get_instance_id(cluster);
  }

  /** The {@code rados_ioctx_t}. */
  long pool() {
    return pool;
  }

  /** A {@code rados_ioctx_t} of another pool, for one task. */
  <T> T inPool(long poolId, LongFunction<T> task) {
    long[] context = new long[1];
    Errno.check(Librados.rados_ioctx_create2(cluster, poolId, context), "looking for the pool");
    try {
      return task.apply(context[0]);
    } finally {
      Librados.rados_ioctx_destroy(context[0]);
    }
  }

  /**
   * What of librbd's configuration is set on the pool, by option. It is kept in the namespace
   * without a name, for all of them.
   */
  Map<String, String> poolConfiguration() {
    return RbdImage.options(
        "listing the pool's configuration",
        (keys, keysLength, values, valuesLength) ->
            Librbd.rbd_pool_metadata_list(
                wholePool,
                SafeOptions.CONFIGURATION,
                RbdImage.MOST_KEYS,
                keys,
                keysLength,
                values,
                valuesLength));
  }

  /**
   * Waits until this client has the newest map of the servers. Each operation that it begins after
   * that is done by a server only once that server has so new a map as well.
   *
   * @throws VolumeException with UNAVAILABLE when the monitors don't answer
   */
  void awaitNewestMap() {
    // The call below waits for them for ever; this one has a timeout.
    command("{\"prefix\": \"osd getmaxosd\"}", "asking the monitors");
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
    command(command, "blocklisting " + address);
  }

  /**
   * Takes a client off the blocklist; nothing is wrong when it is not there.
   *
   * @return false when this user may not do that
   */
  boolean unblock(String address) {
    int result =
        run(
            "{\"prefix\": \"osd blocklist\", \"blocklistop\": \"rm\", \"addr\": \"%s\"}"
                .formatted(withoutVersion(address)),
            Optional.empty());
    if (result == -Errno.EACCES || result == -Errno.EPERM) {
      return false;
    }
    Errno.check(result, "taking %s off the blocklist".formatted(address));
    return true;
  }

  /** As the blocklist shows it, and capabilities may name it. */
  static String withoutVersion(String address) {
    return address.startsWith("v1:") ? address.substring("v1:".length()) : address;
  }

  /** What the monitors answer to a question, as text. */
  String ask(String command, String action) {
    StringBuilder answer = new StringBuilder();
    Errno.check(run(command, Optional.of(answer)), action);
    return answer.toString();
  }

  private void command(String command, String action) {
    Errno.check(run(command, Optional.empty()), action);
  }

  private int run(String command, Optional<StringBuilder> answer) {
    try (Memory text = new Memory(command.length() + 1);
        Memory output = new Memory(2 * Long.BYTES)) {
      text.setString(0, command, "US-ASCII");
      output.clear();
      long[] commands = {Pointer.nativeValue(text)};
      long buffer = answer.isPresent() ? Pointer.nativeValue(output) : 0;
      long length = answer.isPresent() ? buffer + Long.BYTES : 0;
      int result = Librados.rados_mon_command(cluster, commands, 1, 0, 0, buffer, length, 0, 0);
      Pointer bytes = output.getPointer(0);
      if (bytes != null) {
        try {
          int size = Math.toIntExact(output.getLong(Long.BYTES));
          answer.orElseThrow().append(new String(bytes.getByteArray(0, size), UTF_8));
        } finally {
          Librados.rados_buffer_free(Pointer.nativeValue(bytes));
        }
      }
      return result;
    }
  }

  /** Has another thread do something with this client, which is there until that has ended. */
  <T> CompletionStage<T> run(CallThreads threads, Callable<T> call) {
    begin();
    return threads.run(call).whenComplete((result, failure) -> end());
  }

  /** The same on a thread of its own, that nobody waits for. */
  void runApart(String name, Runnable task) {
    begin();
    try {
      Thread thread =
          new Thread(
              () -> {
                try {
                  task.run();
                } finally {
                  end();
                }
              },
              name);
      thread.setDaemon(true);
      thread.start();
    } catch (RuntimeException | Error e) {
      end();
      throw e;
    }
  }

  private synchronized void begin() {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    calls++;
  }

  private synchronized void end() {
    calls--;
    shutDownWhenUnused();
  }

  /**
   * Ends the connection; or whoever ends the last call of {@link #run} does, which may hang.
   * Nothing else of this client may be open or under way any more.
   */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      shutDownWhenUnused();
    }
  }

  private void shutDownWhenUnused() {
    if (closed && calls == 0) {
      Librados.rados_ioctx_destroy(pool);
      Librados.rados_ioctx_destroy(wholePool);
      Librados.rados_shutdown(cluster);
    }
  }
}
