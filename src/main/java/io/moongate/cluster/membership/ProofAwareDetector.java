package io.moongate.cluster.membership;

import com.typesafe.config.Config;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.event.EventStream;
import org.apache.pekko.remote.FailureDetector;
import org.apache.pekko.remote.FailureDetectorWithAddress;
import org.apache.pekko.remote.PhiAccrualFailureDetector;

/**
 * Phi-accrual detection, and proof beside it: a process that is proven to be gone is unavailable at
 * once, not after the heartbeats that it will never send. Pekko makes it by name from {@code
 * pekko.cluster.failure-detector.implementation-class}.
 */
public final class ProofAwareDetector implements FailureDetector, FailureDetectorWithAddress {
  private static final Set<String> GONE = ConcurrentHashMap.newKeySet();

  /** The newest of each address: a member that comes back has another one. */
  private static final Map<String, ProofAwareDetector> OF_ADDRESSES = new ConcurrentHashMap<>();

  private final PhiAccrualFailureDetector phi;
  private volatile String address = "";

  /** The constructor that Pekko calls. */
  public ProofAwareDetector(Config config, EventStream events) {
    phi = new PhiAccrualFailureDetector(config, events);
  }

  /** The process at this address is gone. */
  static void gone(String address) {
    GONE.add(address);
  }

  /** A new process is at this address. */
  static void back(String address) {
    GONE.remove(address);
  }

  @Override
  public void setAddress(String address) {
    this.address = address;
    phi.setAddress(address);
    OF_ADDRESSES.put(address, this);
  }

  /** Phi of the member at that address; empty when it is not one of those that are monitored. */
  public static OptionalDouble phi(String address) {
    ProofAwareDetector detector = OF_ADDRESSES.get(address);
    return detector == null || !detector.isMonitoring()
        ? OptionalDouble.empty()
        : OptionalDouble.of(detector.phi.phi());
  }

  /** Forgets all addresses but those. */
  public static void retain(Set<String> addresses) {
    OF_ADDRESSES.keySet().retainAll(addresses);
  }

  @Override
  public boolean isAvailable() {
    return !GONE.contains(address) && phi.isAvailable();
  }

  @Override
  public boolean isMonitoring() {
    return phi.isMonitoring();
  }

  @Override
  public void heartbeat() {
    phi.heartbeat();
  }
}
