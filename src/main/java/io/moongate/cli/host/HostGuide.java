package io.moongate.cli.host;

import java.util.List;

/** A part of what is to be done on a host. */
public interface HostGuide {

  /**
   * One thing to do.
   *
   * @param title what it is about
   * @param where a file to edit; null for commands to run
   * @param lines what to write there, or to run, with the reasons as comments
   */
  record Step(String title, String where, List<String> lines) {
    public Step {
      lines = List.copyOf(lines);
    }
  }

  /** Everything, in order. */
  List<Step> steps();

  /** The guide for a kind of host. */
  static HostGuide of(Host host, Exports exports) {
    return switch (host) {
      case linux -> new LinuxGuide(exports);
      case esxi -> new EsxiGuide(exports);
      case windows -> new WindowsGuide(exports);
    };
  }
}
