package io.moongate.cluster.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.Row;
import io.moongate.cluster.UnitNames;
import io.moongate.cluster.gateway.PortGroups;
import java.security.SecureRandom;
import java.util.BitSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Identifiers that must be unique in the cluster for ever, reserved by lightweight transactions in
 * {@code port_groups}, {@code unit_naa} and {@code imported_names}. A reservation is never taken
 * back; one of an imported name can be passed on once its unit is deleted.
 */
public final class CassandraIdentifiers implements PortGroups, UnitNames {
  private static final int MAX_PORT_GROUP = 65_535;
  private static final long NAA_LOCALLY_ASSIGNED = 0x3000_0000_0000_0000L;
  private static final int ATTEMPTS = 32;

  private final Serial serial;
  private final String keyspace;
  private final SecureRandom random = new SecureRandom();

  /** Makes them over the driver's session. */
  public CassandraIdentifiers(Supplier<CompletionStage<CqlSession>> session, String keyspace) {
    this.serial = new Serial(session);
    this.keyspace = keyspace;
  }

  @Override
  public CompletionStage<Integer> of(String gateway) {
    return of(gateway, 1);
  }

  private CompletionStage<Integer> of(String gateway, int attempt) {
    if (attempt > ATTEMPTS) {
      return CompletableFuture.failedStage(
          new IllegalStateException("no target port group id could be reserved for " + gateway));
    }
    return serial
        .scan("SELECT tpg, gateway FROM %s.port_groups".formatted(keyspace))
        .thenCompose(
            result -> {
              BitSet taken = new BitSet();
              for (Row row : result.currentPage()) {
                if (gateway.equals(row.getString("gateway"))) {
                  return CompletableFuture.completedFuture(row.getInt("tpg"));
                }
                taken.set(row.getInt("tpg"));
              }
              int free = taken.nextClearBit(1);
              if (free > MAX_PORT_GROUP) {
                return CompletableFuture.failedStage(
                    new IllegalStateException("all target port group ids are taken"));
              }
              return serial
                  .transact(
                      "INSERT INTO %s.port_groups (tpg, gateway) VALUES (?, ?) IF NOT EXISTS"
                          .formatted(keyspace),
                      free,
                      gateway)
                  .thenCompose(
                      inserted ->
                          inserted.wasApplied()
                              ? CompletableFuture.completedFuture(free)
                              : of(gateway, attempt + 1));
            });
  }

  @Override
  public CompletionStage<Long> naa(String unitId) {
    return naa(unitId, 1);
  }

  private CompletionStage<Long> naa(String unitId, int attempt) {
    long naa = NAA_LOCALLY_ASSIGNED | (random.nextLong() >>> 4);
    if (attempt > ATTEMPTS) {
      return CompletableFuture.failedStage(
          new IllegalStateException("no NAA identifier could be reserved for " + unitId));
    }
    return serial
        .transact(
            "INSERT INTO %s.unit_naa (naa, unit_id) VALUES (?, ?) IF NOT EXISTS"
                .formatted(keyspace),
            naa,
            unitId)
        .thenCompose(
            inserted ->
                inserted.wasApplied()
                    ? CompletableFuture.completedFuture(naa)
                    : naa(unitId, attempt + 1));
  }

  @Override
  public CompletionStage<String> reserveNaa(long naa, String unitId) {
    return serial
        .transact(
            "INSERT INTO %s.unit_naa (naa, unit_id) VALUES (?, ?) IF NOT EXISTS"
                .formatted(keyspace),
            naa,
            unitId)
        .thenCompose(
            inserted ->
                inserted.wasApplied()
                    ? CompletableFuture.completedStage(unitId)
                    : serial
                        .read(
                            "SELECT unit_id FROM %s.unit_naa WHERE naa = ?".formatted(keyspace),
                            naa)
                        .thenApply(result -> result.one().getString("unit_id")));
  }

  @Override
  public CompletionStage<Holder> reserve(String name, Holder holder) {
    return serial
        .transact(
            "INSERT INTO %s.imported_names (name, unit_id, volume) VALUES (?, ?, ?) IF NOT EXISTS"
                .formatted(keyspace),
            name,
            holder.unitId(),
            holder.volume())
        .thenCompose(
            inserted ->
                inserted.wasApplied() ? CompletableFuture.completedStage(holder) : holder(name));
  }

  private CompletionStage<Holder> holder(String name) {
    return serial
        .read(
            "SELECT unit_id, volume FROM %s.imported_names WHERE name = ?".formatted(keyspace),
            name)
        .thenApply(
            result -> {
              Row row = result.one();
              return new Holder(row.getString("unit_id"), row.getString("volume"));
            });
  }

  @Override
  public CompletionStage<Void> passOn(String name, String from, Holder to) {
    return serial
        .transact(
            "UPDATE %s.imported_names SET unit_id = ?, volume = ? WHERE name = ? IF unit_id = ?"
                .formatted(keyspace),
            to.unitId(),
            to.volume(),
            name,
            from)
        .thenApply(done -> null);
  }
}
