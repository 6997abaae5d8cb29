package io.moongate.session;

import io.moongate.scsi.Admission;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.TargetDevice;
import io.moongate.scsi.TargetDirectory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Targets that a test exports. */
final class FakeDirectory implements TargetDirectory {
  static final String TARGET = "iqn.2026-11.io.moongate:one";
  static final int GROUP = 7;

  /** The portal group tag of every target. */
  volatile int group = GROUP;

  private final Map<String, TargetDevice> targets = new ConcurrentHashMap<>();
  private final List<Entry> entries = new ArrayList<>();
  private volatile Admission discovery = Admission.OPEN;
  private volatile Admission login = Admission.OPEN;

  /** A directory with one target, and the units at LUN 0, 1, and so on. */
  static FakeDirectory of(LogicalUnit... units) {
    FakeDirectory directory = new FakeDirectory();
    directory.add(TARGET, units);
    return directory;
  }

  void add(String name, LogicalUnit... units) {
    TreeMap<Long, LogicalUnit> luns = new TreeMap<>();
    for (int i = 0; i < units.length; i++) {
      luns.put((long) i << 48, units[i]);
    }
    targets.put(name, new Device(this, name, luns, new AtomicLong(), new AtomicBoolean()));
    entries.add(
        new Entry(
            name,
            List.of(
                new Portal("192.0.2.1", 3260, GROUP), new Portal("2001:db8::1", 3260, GROUP + 1))));
  }

  /** Who may log in to its targets, from now on. */
  FakeDirectory admits(Admission admission) {
    login = admission;
    return this;
  }

  /** Who may discover, from now on. */
  FakeDirectory admitsToDiscovery(Admission admission) {
    discovery = admission;
    return this;
  }

  @Override
  public Optional<TargetDevice> target(String name, String initiator) {
    return Optional.ofNullable(targets.get(name));
  }

  @Override
  public List<Entry> entries(String initiator) {
    return List.copyOf(entries);
  }

  @Override
  public Admission admission(Optional<String> target, String initiator) {
    return target.isPresent() ? login : discovery;
  }

  /** Maps a unit at a LUN, or none, while sessions are logged in. */
  void map(String target, long lun, LogicalUnit unit) {
    Device device = (Device) targets.get(target);
    if (unit == null) {
      device.map().remove(lun);
    } else {
      device.map().put(lun, unit);
    }
    device.changes().incrementAndGet();
  }

  /** Maps a unit before anybody is logged in. */
  void put(String target, long lun, LogicalUnit unit) {
    ((Device) targets.get(target)).map().put(lun, unit);
  }

  /** Something of a target's entry changes that is no mapping. */
  void touch(String target) {
    ((Device) targets.get(target)).changes().incrementAndGet();
  }

  /** Explicit ALUA is opted in to, or not any more. */
  void offerExplicitAlua(String target, boolean offered) {
    Device device = (Device) targets.get(target);
    device.explicit().set(offered);
    device.changes().incrementAndGet();
  }

  private record Device(
      FakeDirectory directory,
      String name,
      TreeMap<Long, LogicalUnit> map,
      AtomicLong changes,
      AtomicBoolean explicit)
      implements TargetDevice {
    @Override
    public int portalGroupTag() {
      return directory.group;
    }

    @Override
    public Optional<LogicalUnit> unit(long lun) {
      return Optional.ofNullable(map.get(lun));
    }

    @Override
    public boolean explicitAlua() {
      return explicit.get();
    }

    @Override
    public long generation() {
      return changes.get();
    }

    @Override
    public long inventory() {
      return map.hashCode();
    }

    @Override
    public List<Long> luns() {
      return List.copyOf(map.keySet());
    }
  }
}
