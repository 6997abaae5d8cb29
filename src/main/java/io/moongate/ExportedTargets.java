package io.moongate;

import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.View;
import io.moongate.scsi.Admission;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.TargetDevice;
import io.moongate.scsi.TargetDirectory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The targets of the view as this gateway exports them. */
final class ExportedTargets implements TargetDirectory {
  private final View view;
  private final String gateway;
  private final ExportedUnits units;

  ExportedTargets(View view, String gateway, ExportedUnits units) {
    this.view = view;
    this.gateway = gateway;
    this.units = units;
  }

  @Override
  public Optional<TargetDevice> target(String name, String initiator) {
    return view.target(name)
        .filter(target -> target.exportedBy(gateway))
        .flatMap(target -> view.gateway(gateway).map(self -> new Device(name, self.portGroup())));
  }

  @Override
  public List<Entry> entries(String initiator) {
    List<Entry> entries = new ArrayList<>();
    for (TargetEntry target : view.targets()) {
      if (!target.exportedBy(gateway)) {
        continue;
      }
      List<Portal> portals = new ArrayList<>();
      for (GatewayEntry exporter : view.gateways()) {
        if (target.exportedBy(exporter.name())) {
          exporter
              .portals()
              .forEach(
                  portal ->
                      portals.add(
                          new Portal(portal.address(), portal.port(), exporter.portGroup())));
        }
      }
      entries.add(new Entry(target.name(), portals));
    }
    return entries;
  }

  @Override
  public Admission admission(Optional<String> target, String initiator) {
    return Admission.OPEN;
  }

  /** A target; its LUNs are looked up in the view each time, so that a new mapping is seen. */
  private final class Device implements TargetDevice {
    private final String name;
    private final int portalGroupTag;

    Device(String name, int portalGroupTag) {
      this.name = name;
      this.portalGroupTag = portalGroupTag;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public int portalGroupTag() {
      return portalGroupTag;
    }

    @Override
    public Optional<LogicalUnit> unit(long lun) {
      int number = number(lun);
      return view.target(name)
          .map(target -> target.luns().get(number))
          .flatMap(view::unit)
          .map(units::unit);
    }

    @Override
    public List<Long> luns() {
      return view.target(name).stream()
          .flatMap(target -> target.luns().keySet().stream())
          .map(ExportedTargets::lun)
          .toList();
    }
  }

  /**
   * The number of a LUN in peripheral device addressing on bus 0 or flat space addressing (SAM-5
   * section 4.7.7); -1 for any other.
   */
  static int number(long lun) {
    int first = (int) (lun >>> 48);
    if ((lun & 0x0000_FFFF_FFFF_FFFFL) != 0) {
      return -1;
    }
    return switch (first >>> 14) {
      case 0 -> first <= 0xFF ? first : -1;
      case 1 -> first & 0x3FFF;
      default -> -1;
    };
  }

  /** The LUN of a number: peripheral device addressing below 256, flat space addressing above. */
  static Long lun(int number) {
    long first = number < 256 ? number : 0x4000 | number;
    return first << 48;
  }
}
