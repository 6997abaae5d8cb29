package io.moongate.cli.host;

import java.util.ArrayList;
import java.util.List;

/** Linux with open-iscsi and dm-multipath. */
final class LinuxGuide implements HostGuide {
  private final Exports exports;

  LinuxGuide(Exports exports) {
    this.exports = exports;
  }

  @Override
  public List<Step> steps() {
    List<Step> steps = new ArrayList<>();
    steps.add(
        new Step(
            "Packages",
            null,
            List.of(
                "# Debian, Ubuntu:",
                "apt-get install open-iscsi multipath-tools",
                "# Red Hat, SUSE:",
                "dnf install iscsi-initiator-utils device-mapper-multipath")));
    steps.add(
        new Step(
            "Timers of sessions, for nodes that are discovered from now on",
            "/etc/iscsi/iscsid.conf",
            List.of(
                "# Log in again after a reboot.",
                "node.startup = automatic",
                "# An idle connection is asked after 5 s, and is lost when 5 s later there is no answer: a path that",
                "# fell silent is noticed. A gateway that died resets connections, and nothing is waited for.",
                "node.conn[0].timeo.noop_out_interval = 5",
                "node.conn[0].timeo.noop_out_timeout = 5",
                "# How long commands of a lost session wait for it to come back before multipath sends them through",
                "# another path. 120 s by default: far too long with other paths at hand. Above the gateways'",
                "# command-deadline (4 s), after which none of these commands can begin at the old gateway any more.",
                "node.session.timeo.replacement_timeout = 5",
                "# What a gateway gives a login.",
                "node.conn[0].timeo.login_timeout = 15",
                "# Commands under way in a session: what a gateway's command window takes (moongate.iscsi.queue-depth).",
                "node.session.cmds_max = 128",
                "node.session.queue_depth = 64")));
    steps.add(
        new Step(
            "Multipath, before the first login",
            "/etc/multipath.conf",
            List.of(
                "defaults {",
                "    # Every disk of this vendor gets a map, also with one path: the others come later.",
                "    find_multipaths no",
                "    user_friendly_names yes",
                "}",
                "devices {",
                "    device {",
                "        # As INQUIRY gives them.",
                "        vendor \"MOONGATE\"",
                "        product \".*\"",
                "        # The kernel learns the states of paths by ALUA, and follows each change (unit attention 2A/06).",
                "        hardware_handler \"1 alua\"",
                "        prio alua",
                "        # The owner's path (priority 50) is a group of its own; the others (10) relay to it, and are used",
                "        # when it is gone.",
                "        path_grouping_policy group_by_prio",
                "        path_selector \"service-time 0\"",
                "        # A path is tried by TEST UNIT READY; each gateway answers from what it knows.",
                "        path_checker tur",
                "        # Back to the owner's path as soon as it is there: the cluster decides who owns, and waits until",
                "        # that is stable.",
                "        failback immediate",
                "        # With no path at all I/O waits instead of failing: gateways come back, and a file system that saw",
                "        # an error turns read-only. Give a number of tries instead where errors are wanted.",
                "        no_path_retry queue",
                "        # Of iSCSI sessions this is replacement_timeout, and wins over it: keep them equal.",
                "        fast_io_fail_tmo 5",
                "        # dev_loss_tmo is for Fibre Channel and SAS; an iSCSI session is never given up. Leave it out.",
                "    }",
                "}")));
    steps.add(
        new Step(
            "Timer of commands",
            "/etc/udev/rules.d/99-moongate.rules",
            List.of(
                "# When a command is aborted that was never answered, in seconds. A move or a failover may hold one for",
                "# some seconds, and an abort in the middle only costs more time: so no less than the kernel's 30.",
                "ACTION==\"add|change\", SUBSYSTEM==\"scsi\", ATTR{type}==\"0\", ATTR{vendor}==\"MOONGATE*\", ATTR{timeout}=\"30\"")));
    steps.add(
        new Step(
            "Take the settings up",
            null,
            List.of(
                "udevadm control --reload",
                "systemctl restart iscsid multipathd",
                "modprobe scsi_dh_alua")));
    steps.add(new Step("Discovery, through each portal in turn", null, discovery()));
    exports.targets().forEach(target -> steps.add(login(target)));
    steps.add(
        new Step(
            "Look",
            null,
            List.of(
                "# One path of priority 50, the owner's; one of 10 through each other gateway.",
                "multipath -ll",
                "iscsiadm -m session")));
    return steps;
  }

  private List<String> discovery() {
    List<String> lines = new ArrayList<>();
    lines.add("# Any gateway names the portals of all; the others are for when that one is down.");
    exports
        .portals()
        .forEach(portal -> lines.add("iscsiadm -m discovery -t sendtargets -p " + portal));
    return lines;
  }

  private static Step login(Exports.Exported target) {
    List<String> lines = new ArrayList<>();
    String node = "iscsiadm -m node -T " + target.name();
    if (target.listed()) {
      lines.add("# Only listed initiators may log in. On a host with the moongate command, once:");
      lines.add(
          "#   moongate target allow "
              + target.name()
              + " $(sed -n 's/^InitiatorName=//p' /etc/iscsi/initiatorname.iscsi)");
    }
    if (target.chapUser() != null) {
      lines.add(
          "# CHAP, unless this initiator has credentials of its own. SECRET: 12 to 255 bytes.");
      lines.add(node + " -o update -n node.session.auth.authmethod -v CHAP");
      lines.add(node + " -o update -n node.session.auth.username -v " + target.chapUser());
      lines.add(node + " -o update -n node.session.auth.password -v SECRET");
    }
    if (target.mutualUser() != null) {
      lines.add("# To have the target prove who it is.");
      lines.add(node + " -o update -n node.session.auth.username_in -v " + target.mutualUser());
      lines.add(node + " -o update -n node.session.auth.password_in -v ITS-SECRET");
    }
    target.portals().forEach(portal -> lines.add(node + " -p " + portal + " --login"));
    return new Step("Login to " + target.name() + ", through every portal", null, lines);
  }
}
