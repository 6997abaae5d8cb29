package io.moongate.cli.host;

import java.util.ArrayList;
import java.util.List;

/** VMware ESXi with its software iSCSI adapter and NMP. */
final class EsxiGuide implements HostGuide {
  private final Exports exports;

  EsxiGuide(Exports exports) {
    this.exports = exports;
  }

  @Override
  public List<Step> steps() {
    List<Step> steps = new ArrayList<>();
    steps.add(
        new Step(
            "Claim rule, before the first disk is seen",
            null,
            List.of(
                "# VMW_SATP_ALUA follows the states that the gateways report; round robin uses the owner's path alone",
                "# while it is there, and the others when it is gone.",
                "esxcli storage nmp satp rule add --satp=VMW_SATP_ALUA --psp=VMW_PSP_RR --vendor=MOONGATE"
                    + " --claim-option=tpgs_on --description=\"Moongate, ALUA\"",
                "# A disk that was claimed before keeps its rule until it is reclaimed, or the host is restarted:",
                "#   esxcli storage core claiming reclaim --device=naa.ID")));
    List<String> adapter = new ArrayList<>();
    adapter.add("esxcli iscsi software set --enabled=true");
    adapter.add(
        "ADAPTER=$(esxcli iscsi adapter list | sed -n 's/^\\(vmhba[0-9]*\\) *iscsi_vmk.*/\\1/p')");
    adapter.add(
        "# Any gateway names the portals of all; the others are for when that one is down.");
    exports
        .portals()
        .forEach(
            portal ->
                adapter.add(
                    "esxcli iscsi adapter discovery sendtarget add --adapter=$ADAPTER --address="
                        + portal));
    steps.add(new Step("Adapter and discovery", null, adapter));
    steps.add(
        new Step(
            "Timers",
            null,
            List.of(
                "# Asked every 5 s; 10 s without an answer is the least that ESXi takes before it gives a path up that",
                "# fell silent. A gateway that died resets connections, and nothing is waited for.",
                "esxcli iscsi adapter param set --adapter=$ADAPTER --key=NoopOutInterval --value=5",
                "esxcli iscsi adapter param set --adapter=$ADAPTER --key=NoopOutTimeout --value=10",
                "# How long commands of a lost session wait for it to come back before they go through another path.",
                "# Above the gateways' command-deadline (4 s).",
                "esxcli iscsi adapter param set --adapter=$ADAPTER --key=RecoveryTimeout --value=5",
                "# What a gateway gives a login.",
                "esxcli iscsi adapter param set --adapter=$ADAPTER --key=LoginTimeout --value=15")));
    exports.targets().forEach(target -> access(target, steps));
    steps.add(
        new Step(
            "Look",
            null,
            List.of(
                "esxcli storage core adapter rescan --adapter=$ADAPTER",
                "# Group State: active through the owner, active unoptimized through every other gateway.",
                "esxcli storage nmp path list",
                "esxcli storage nmp device list",
                "# Atomic test and set, unmap, write same and extended copy are used by themselves: all supported.",
                "esxcli storage core device vaai status get")));
    return steps;
  }

  private static void access(Exports.Exported target, List<Step> steps) {
    List<String> lines = new ArrayList<>();
    if (target.listed()) {
      lines.add("# Only listed initiators may log in. The name of this one:");
      lines.add("esxcli iscsi adapter get --adapter=$ADAPTER");
      lines.add("# On a host with the moongate command, once:");
      lines.add("#   moongate target allow " + target.name() + " NAME");
    }
    if (target.chapUser() != null) {
      lines.add(
          "# CHAP, unless this initiator has credentials of its own. SECRET: 12 to 255 bytes.");
      lines.add(
          "esxcli iscsi adapter auth chap set --adapter=$ADAPTER --direction=uni --level=required"
              + " --authname="
              + target.chapUser()
              + " --secret=SECRET");
    }
    if (target.mutualUser() != null) {
      lines.add("# To have the target prove who it is.");
      lines.add(
          "esxcli iscsi adapter auth chap set --adapter=$ADAPTER --direction=mutual --level=required"
              + " --authname="
              + target.mutualUser()
              + " --secret=ITS-SECRET");
    }
    if (!lines.isEmpty()) {
      steps.add(new Step("Who may log in to " + target.name(), null, lines));
    }
  }
}
