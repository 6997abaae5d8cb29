package io.moongate.multinode.fault;

/** Who a fault meets, as seen in the moment in which it begins. */
public enum Role {
  /** The gateway that owns the unit. */
  OWNER("the owner"),
  /** Another gateway. */
  OTHER("another gateway"),
  /** The third gateway. */
  THIRD("the third gateway"),
  CASSANDRA("Cassandra"),
  /** All hosts of the workload; cuts that concern them leave the HTTP API alone. */
  HOSTS("the hosts"),
  /** Ceph, where the units are in it. */
  STORE("Ceph");

  private final String words;

  Role(String words) {
    this.words = words;
  }

  @Override
  public String toString() {
    return words;
  }
}
