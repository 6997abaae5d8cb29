package io.moongate.metrics;

import java.util.List;

/**
 * The metrics of Moongate; what each is for stands in {@code docs/metrics.md}. Those of the JVM and
 * the process are Micrometer's.
 */
public enum Metric {
  LUN_OPERATIONS(
      Type.COUNTER,
      "moongate_lun_operations",
      "Commands to a logical unit that were answered",
      "lun",
      "op",
      "via"),
  LUN_BYTES(
      Type.COUNTER,
      "moongate_lun_bytes",
      "Bytes that commands to a logical unit transferred",
      "lun",
      "op",
      "via"),
  LUN_LATENCY(
      Type.HISTOGRAM,
      "moongate_lun_latency_seconds",
      "From the arrival of a command to its answer",
      "lun",
      "op",
      "via"),
  LUN_ERRORS(
      Type.COUNTER,
      "moongate_lun_errors",
      "Commands to a logical unit that ended with another status than GOOD",
      "lun",
      "status",
      "sense_key"),
  LUN_IN_FLIGHT(
      Type.GAUGE, "moongate_lun_in_flight", "Commands of a logical unit that are under way", "lun"),
  LUN_HELD(
      Type.GAUGE,
      "moongate_lun_held",
      "Commands of a logical unit that wait for the end of a transition",
      "lun"),
  LUN_OWNED(Type.GAUGE, "moongate_lun_owned", "Whether this gateway owns the logical unit", "lun"),
  LUN_PATH_STATE(
      Type.GAUGE,
      "moongate_lun_path_state",
      "1 for the access state of this gateway's path to a logical unit",
      "lun",
      "state"),
  LUN_INFO(
      Type.INFO,
      "moongate_lun",
      "Where a logical unit is mapped",
      "lun",
      "target",
      "number",
      "store"),
  LUN_SERIES_LIMIT(
      Type.GAUGE, "moongate_lun_series_limit", "Logical units that may have series of their own"),
  LUN_SERIES_OMITTED(
      Type.GAUGE,
      "moongate_lun_series_omitted",
      "Logical units in use here that have no series of their own, for the limit"),
  OPERATIONS(
      Type.COUNTER,
      "moongate_operations",
      "Commands to all logical units that were answered",
      "op",
      "via"),
  BYTES(
      Type.COUNTER,
      "moongate_bytes",
      "Bytes that commands to all logical units transferred",
      "op",
      "via"),
  LATENCY(
      Type.HISTOGRAM,
      "moongate_latency_seconds",
      "From the arrival of a command to its answer, of all logical units",
      "op",
      "via"),
  ERRORS(
      Type.COUNTER,
      "moongate_errors",
      "Commands that ended with another status than GOOD",
      "status"),
  SENSE(
      Type.COUNTER,
      "moongate_sense",
      "Commands that ended with CHECK CONDITION",
      "key",
      "asc",
      "ascq"),
  ABORTED(Type.COUNTER, "moongate_aborted_commands", "Commands that were aborted by their hosts"),
  IN_FLIGHT(
      Type.GAUGE, "moongate_in_flight", "Commands under way in the task sets of all logical units"),
  HELD(Type.GAUGE, "moongate_held", "Commands that wait for the end of a transition"),
  PATHS(Type.GAUGE, "moongate_paths", "Paths of this gateway by their access state", "state"),
  HELD_SECONDS(
      Type.HISTOGRAM,
      "moongate_transition_seconds",
      "How long a logical unit could not be served through this gateway at a transition"),
  OWNER_CHANGES(
      Type.COUNTER,
      "moongate_owner_changes",
      "Changes of the owner of logical units, as this gateway has learnt them",
      "cause"),
  STORE_LATENCY(
      Type.HISTOGRAM,
      "moongate_store_latency_seconds",
      "How long the store took for a command, from when its turn had come",
      "store",
      "op"),
  STORE_ERRORS(
      Type.COUNTER,
      "moongate_store_errors",
      "Operations of the store that failed",
      "store",
      "reason"),
  STORE_OPEN(
      Type.HISTOGRAM,
      "moongate_store_open_seconds",
      "How long it took to open and fence a volume",
      "store",
      "result"),
  STORE_REACHABLE(
      Type.GAUGE,
      "moongate_store_reachable",
      "Whether the store was reached when it was tried last",
      "store"),
  STORE_AVAILABLE(
      Type.GAUGE,
      "moongate_store_available_bytes",
      "Bytes that the volumes of a store can still take",
      "store"),
  STORE_STATE(
      Type.GAUGE,
      "moongate_store_state",
      "1 for what the store says of its space",
      "store",
      "state"),
  VOLUMES_OPEN(Type.GAUGE, "moongate_volumes_open", "Volumes that are open here", "store"),
  RELAY_LATENCY(
      Type.HISTOGRAM,
      "moongate_relay_latency_seconds",
      "From handing a command over to the reply of its owner",
      "peer"),
  RELAY_REFUSED(
      Type.COUNTER,
      "moongate_relay_refused_commands",
      "Commands that could not be sent to their owner, and were answered BUSY",
      "peer"),
  RELAY_UNANSWERED(
      Type.COUNTER,
      "moongate_relay_unanswered_commands",
      "Commands that were sent and got no reply in time, and were answered BUSY",
      "peer"),
  RELAY_BROKEN(
      Type.COUNTER, "moongate_relay_broken_connections", "Relay connections that broke", "peer"),
  RELAY_IN_FLIGHT(
      Type.GAUGE, "moongate_relay_in_flight", "Commands under way to their owner", "peer"),
  RELAY_CONNECTED(
      Type.GAUGE, "moongate_relay_connected", "Whether there is a relay connection", "peer"),
  SESSIONS(Type.GAUGE, "moongate_iscsi_sessions", "iSCSI sessions", "type"),
  CONNECTIONS(Type.GAUGE, "moongate_iscsi_connections", "iSCSI connections, in whatever phase"),
  CONNECTION_EVENTS(
      Type.COUNTER,
      "moongate_iscsi_connection_events",
      "What happened to iSCSI connections",
      "event"),
  LOGINS(Type.COUNTER, "moongate_iscsi_logins", "Login responses", "status"),
  VIOLATIONS(
      Type.COUNTER, "moongate_iscsi_violations", "PDUs that were not as they have to be", "kind"),
  SESSION_COMMANDS(
      Type.GAUGE,
      "moongate_iscsi_commands_in_flight",
      "Commands under way in all sessions, from their PDU to their status"),
  MEMORY(
      Type.GAUGE,
      "moongate_iscsi_memory_bytes",
      "Bytes of data-in and data-out that connections hold"),
  MEMORY_LIMIT(
      Type.GAUGE,
      "moongate_iscsi_memory_limit_bytes",
      "Bytes of data-in and data-out that connections may hold"),
  LEASE(
      Type.GAUGE,
      "moongate_lease_seconds",
      "For how long the lease covers this gateway from now on; 0 without one"),
  LEASE_EXTENSIONS(Type.COUNTER, "moongate_lease_extensions", "How often the lease was extended"),
  LEASE_LOSSES(Type.COUNTER, "moongate_lease_losses", "How often the lease was lost"),
  LEASE_KEEPER(
      Type.GAUGE,
      "moongate_lease_keeper_age_seconds",
      "How long ago the lease's keeper was at work"),
  PEER_PHI(Type.GAUGE, "moongate_peer_phi", "Phi of another gateway's heartbeats", "peer"),
  PEER_REACHABLE(
      Type.GAUGE,
      "moongate_peer_reachable",
      "Whether the membership holds another gateway for reachable",
      "peer"),
  OBSERVATIONS(
      Type.GAUGE,
      "moongate_observations",
      "What stands against gateways and parts of them",
      "subject",
      "kind"),
  GATEWAYS(Type.GAUGE, "moongate_gateways", "Gateways in the view", "state"),
  UNITS(
      Type.GAUGE,
      "moongate_units",
      "Logical units in the view, by the phase of their ownership",
      "phase"),
  UNITS_OWNED(Type.GAUGE, "moongate_units_owned", "Logical units that this gateway owns"),
  UNITS_WAITING(
      Type.GAUGE,
      "moongate_units_waiting",
      "Logical units whose owner has failed and that nobody else owns yet"),
  CASSANDRA_NODES(
      Type.GAUGE, "moongate_cassandra_nodes", "Nodes of Cassandra that the driver knows"),
  CASSANDRA_CONNECTED(
      Type.GAUGE,
      "moongate_cassandra_connected_nodes",
      "Nodes of Cassandra that there is a connection to"),
  CASSANDRA_LATENCY(
      Type.HISTOGRAM,
      "moongate_cassandra_latency_seconds",
      "How long requests to Cassandra took",
      "request",
      "result"),
  HTTP_LATENCY(
      Type.HISTOGRAM,
      "moongate_http_latency_seconds",
      "How long requests to the HTTP API took",
      "method",
      "route",
      "status"),
  LOOP_BUSY(
      Type.COUNTER,
      "moongate_event_loop_busy_seconds",
      "Time that an event loop was at work",
      "loop"),
  LOOP_TURN(
      Type.GAUGE,
      "moongate_event_loop_turn_seconds",
      "For how long an event loop has been at what it is doing",
      "loop"),
  LOOP_TASKS(
      Type.GAUGE,
      "moongate_event_loop_tasks",
      "Tasks that wait for their turn on an event loop",
      "loop"),
  READY(Type.GAUGE, "moongate_ready", "Whether hosts should be sent to this gateway"),
  HEALTH(
      Type.GAUGE,
      "moongate_health_check",
      "1 for the state of each check of the health",
      "check",
      "state"),
  TLS_LEFT(
      Type.GAUGE,
      "moongate_tls_certificate_left_seconds",
      "For how long the certificate of a setting is valid yet",
      "setting"),
  TLS_REFUSED(
      Type.GAUGE,
      "moongate_tls_files_refused",
      "Whether files of a setting were changed and are not taken",
      "setting"),
  BUILD(Type.INFO, "moongate_build", "What runs", "version", "java");

  /** What kind of metric it is. */
  public enum Type {
    COUNTER,
    GAUGE,
    HISTOGRAM,
    /** Always 1; what it says is in its labels. */
    INFO
  }

  private final Type type;
  private final String base;
  private final String help;
  private final List<String> labels;

  Metric(Type type, String base, String help, String... labels) {
    this.type = type;
    this.base = base;
    this.help = help;
    this.labels = List.of(labels);
  }

  /** What kind of metric it is. */
  public Type type() {
    return type;
  }

  /** The name without what Prometheus appends for the kind. */
  String base() {
    return base;
  }

  /** The name as it is asked for in Prometheus; of a histogram without {@code _bucket}. */
  public String exposedName() {
    return switch (type) {
      case COUNTER -> base + "_total";
      case INFO -> base + "_info";
      case GAUGE, HISTOGRAM -> base;
    };
  }

  String help() {
    return help;
  }

  /** Names of its labels, beside {@code gateway}, which all have. */
  public List<String> labels() {
    return labels;
  }
}
