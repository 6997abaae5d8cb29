package io.moongate.cluster.charter;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.moongate.cluster.CborSerializable;
import java.util.List;
import java.util.Map;

/** What gateways say to one another about leases. All of it may be lost, repeated and late. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = LeaseMessage.Ping.class, name = "ping"),
  @JsonSubTypes.Type(value = LeaseMessage.Pong.class, name = "pong"),
  @JsonSubTypes.Type(value = LeaseMessage.Adopted.class, name = "adopted")
})
public sealed interface LeaseMessage extends CborSerializable {
  /** Incarnation of the sender. */
  String from();

  /** Version of the charter that the sender has adopted. */
  long version();

  /** The highest version that the sender knows to be in force. */
  long inForce();

  /**
   * Asks for an acknowledgement under the sender's charter.
   *
   * @param sentNanos of the sender's clock; comes back in the acknowledgement
   * @param outlived guardians in whose seat the sender is: they are gone, for it could not have
   *     taken that seat before
   * @param leaving whether the sender is about to stop, and no charter should name it any more
   */
  record Ping(
      String from,
      long version,
      long inForce,
      long sentNanos,
      List<String> outlived,
      boolean leaving)
      implements LeaseMessage {
    public Ping {
      outlived = List.copyOf(outlived);
    }
  }

  /** Acknowledges a ping of the same version. */
  record Pong(String from, long version, long inForce, long sentNanos) implements LeaseMessage {}

  /**
   * Tells the charter that the sender has adopted, to whom has an older one.
   *
   * @param quietNanos for each guardian that this charter leaves out: how long the sender has not
   *     acknowledged it, by the sender's clock
   */
  record Adopted(String from, Charter charter, long inForce, Map<String, Long> quietNanos)
      implements LeaseMessage {
    public Adopted {
      quietNanos = Map.copyOf(quietNanos);
    }

    @Override
    public long version() {
      return charter.version();
    }
  }
}
