package io.moongate.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.moongate.cluster.charter.ClockRates;
import io.moongate.cluster.charter.LeaseProtocol;
import io.moongate.cluster.membership.LeaseKeeper;
import io.moongate.cluster.membership.MemberIdentity;
import io.moongate.cluster.membership.PortalWatch;
import io.moongate.cluster.ownership.Balance;
import io.moongate.cluster.ownership.Movements;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.unit.SharedTeller;
import java.time.Duration;
import java.util.Set;

/**
 * Settings of a gateway as a member of the cluster; every key is in {@code conf/cluster.conf}.
 *
 * @param gateway its name
 * @param watchHost address of the port that proves that the process lives
 * @param watchPort that port
 * @param keyspace of Cassandra
 * @param lease how leases are kept
 * @param implicitTransitionSeconds told to hosts as the longest transition
 * @param unit bounds of the transitions of a unit
 * @param sharedRecordBound within which a change of what a unit's device servers share is recorded
 * @param telling bounds of telling it to the other gateways
 * @param movements what is moved by itself, and how much at once
 * @param loadWindow over which the load of a unit is averaged
 * @param portals how portals are looked at
 * @param entitiesOn role of the members that host entities
 */
public record NodeSettings(
    String gateway,
    String watchHost,
    int watchPort,
    String keyspace,
    LeaseKeeper.Settings lease,
    int implicitTransitionSeconds,
    LogicalUnit.Settings unit,
    Duration sharedRecordBound,
    SharedTeller.Settings telling,
    Movements.Policy movements,
    Duration loadWindow,
    PortalWatch.Settings portals,
    String entitiesOn) {

  /** What was begun under a lease has ended so long after it, where no store refuses it. */
  private static final Duration UNDER_WAY = Duration.ofMillis(200);

  private static final Set<String> ROLES =
      Set.of(MemberIdentity.GATEWAY_ROLE, MemberIdentity.METADATA_ROLE);

  /**
   * Reads the settings.
   *
   * @throws ConfigException that names the key, where it was set, and what was expected
   */
  public static NodeSettings from(Config config) {
    Config moongate = config.getConfig("moongate");
    String name = moongate.getString("gateway.name");
    if (!name.matches("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")) {
      throw new ConfigException.BadValue(
          moongate.getValue("gateway.name").origin(),
          "moongate.gateway.name",
          "expected 1 to 63 lower-case letters, digits and inner hyphens, not \"" + name + "\"");
    }
    Duration length =
        between(moongate, "lease.length", Duration.ofMillis(500), Duration.ofHours(1));
    Duration interval =
        between(moongate, "lease.interval", Duration.ofMillis(20), Duration.ofMinutes(20));
    if (interval.multipliedBy(3).compareTo(length) > 0) {
      throw new ConfigException.BadValue(
          moongate.getValue("lease.interval").origin(),
          "moongate.lease.interval",
          "expected at most a third of moongate.lease.length (" + length + "), not " + interval);
    }
    Duration silence = moongate.getDuration("shared.tell-bound");
    if (silence.compareTo(length) < 0) {
      throw new ConfigException.BadValue(
          moongate.getValue("shared.tell-bound").origin(),
          "moongate.shared.tell-bound",
          "expected at least moongate.lease.length (" + length + "), not " + silence);
    }
    return new NodeSettings(
        name,
        moongate.getString("gateway.host"),
        moongate.getInt("watch.port"),
        moongate.getString("cassandra.keyspace"),
        new LeaseKeeper.Settings(
            new LeaseProtocol.Settings(
                length,
                between(
                    moongate, "lease.stable-after", Duration.ofMillis(100), Duration.ofMinutes(10)),
                between(moongate, "lease.takeover", Duration.ofMillis(100), Duration.ofMinutes(1)),
                between(moongate, "lease.retry", Duration.ofMillis(100), Duration.ofMinutes(1))),
            interval,
            between(moongate, "lease.stranded-after", Duration.ofSeconds(10), Duration.ofHours(1))),
        moongate.getInt("ownership.implicit-transition-time"),
        new LogicalUnit.Settings(
            moongate.getDuration("ownership.open-bound"),
            moongate.getDuration("ownership.release-bound")),
        moongate.getDuration("shared.record-bound"),
        new SharedTeller.Settings(
            silence, moongate.getDuration("shared.work-bound"), boundOf(length)),
        movements(moongate),
        between(
            moongate, "ownership.rebalance.load-window", Duration.ofSeconds(1), Duration.ofDays(1)),
        new PortalWatch.Settings(
            moongate.getBoolean("portal-watch.enabled"),
            between(
                moongate, "portal-watch.interval", Duration.ofMillis(50), Duration.ofMinutes(1)),
            between(moongate, "portal-watch.timeout", Duration.ofMillis(10), Duration.ofMinutes(1)),
            atLeast(1, moongate, "portal-watch.misses"),
            between(
                moongate, "portal-watch.stable-for", Duration.ofMillis(100), Duration.ofHours(1))),
        role(moongate, "cluster.entities"));
  }

  /**
   * The role of this member.
   *
   * @throws ConfigException when it is none, or would have nothing to do
   */
  public static String ownRole(Config config) {
    Config moongate = config.getConfig("moongate");
    String own = role(moongate, "cluster.role");
    if (own.equals(MemberIdentity.METADATA_ROLE)
        && !own.equals(role(moongate, "cluster.entities"))) {
      throw new ConfigException.BadValue(
          moongate.getValue("cluster.entities").origin(),
          "moongate.cluster.entities",
          "expected metadata, as moongate.cluster.role is: else it would host nothing");
    }
    return own;
  }

  private static String role(Config moongate, String key) {
    String role = moongate.getString(key);
    if (!ROLES.contains(role)) {
      throw new ConfigException.BadValue(
          moongate.getValue(key).origin(),
          "moongate." + key,
          "expected gateway or metadata, not \"" + role + "\"");
    }
    return role;
  }

  private static Movements.Policy movements(Config moongate) {
    Config ownership = moongate.getConfig("ownership");
    return new Movements.Policy(
        ownership.getBoolean("failback.automatic"),
        ownership.getDuration("failback.stable-for"),
        ownership.getBoolean("rebalance.automatic"),
        new Balance.Tolerance(
            atLeast(2, moongate, "ownership.rebalance.tolerance"),
            above0(moongate, "ownership.rebalance.load-tolerance"),
            above0(moongate, "ownership.rebalance.least-load")),
        atLeast(1, moongate, "ownership.moves-at-once"));
  }

  private static Duration between(Config moongate, String key, Duration least, Duration most) {
    Duration value = moongate.getDuration(key);
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new ConfigException.BadValue(
          moongate.getValue(key).origin(),
          "moongate." + key,
          "expected %d ms to %d ms, not %d ms"
              .formatted(least.toMillis(), most.toMillis(), value.toMillis()));
    }
    return value;
  }

  private static double above0(Config moongate, String key) {
    double value = moongate.getDouble(key);
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new ConfigException.BadValue(
          moongate.getValue(key).origin(),
          "moongate." + key,
          "expected a number above 0, not " + value);
    }
    return value;
  }

  private static int atLeast(int least, Config moongate, String key) {
    int value = moongate.getInt(key);
    if (value < least) {
      throw new ConfigException.BadValue(
          moongate.getValue(key).origin(),
          "moongate." + key,
          "expected at least %d, not %d".formatted(least, value));
    }
    return value;
  }

  /**
   * After the last ping that counts was sent, the time in which a lease of that length, or of the
   * length that they have here if that is more, has run out for certain: its length by the slowest
   * clock, and a fifth of a second for what was under way when it did.
   */
  public Duration leaseBound(Duration length) {
    Duration own = lease.protocol().length();
    return boundOf(length.compareTo(own) > 0 ? length : own);
  }

  private static Duration boundOf(Duration leaseLength) {
    return ClockRates.longest(leaseLength).plus(UNDER_WAY);
  }
}
