package io.moongate.cli.host;

import java.util.ArrayList;
import java.util.List;

/** Windows Server with MPIO and its own device specific module (MSDSM): PowerShell. */
final class WindowsGuide implements HostGuide {
  /** As INQUIRY gives it; MPIO compares 8 characters of it and 16 of the product. */
  private static final String VENDOR = "MOONGATE";

  private final Exports exports;

  WindowsGuide(Exports exports) {
    this.exports = exports;
  }

  @Override
  public List<Step> steps() {
    List<Step> steps = new ArrayList<>();
    steps.add(
        new Step(
            "MPIO; Windows has to be restarted after this",
            null,
            List.of(
                "Install-WindowsFeature -Name Multipath-IO -IncludeManagementTools",
                "Set-Service -Name MSiSCSI -StartupType Automatic",
                "Start-Service -Name MSiSCSI",
                "# MSDSM takes iSCSI disks that have several paths, and follows their ALUA states.",
                "Enable-MSDSMAutomaticClaim -BusType iSCSI",
                "# The same by hand, for what was there before (mpclaim restarts Windows):",
                "#   mpclaim -r -i -d \"%-8s%-16s\"".formatted(VENDOR, "Moongate rbd"),
                "#   mpclaim -r -i -d \"%-8s%-16s\"".formatted(VENDOR, "Moongate file"),
                "# The policy for ALUA disks, round robin with subset, is the default: the owner's path alone is used",
                "# while it is there.")));
    steps.add(
        new Step(
            "Timers; they count after a restart",
            null,
            List.of(
                "# A disk that has lost all its paths stays for 120 s: gateways come back. Paths are tried every 30 s,",
                "# so that one that fell silent while it was idle is known before it is needed. What a gateway answers",
                "# to be tried again (BUSY, 06/2A/06) is tried again, once a second. A command is given 60 s.",
                "Set-MPIOSetting -NewPathVerificationState Enabled -NewPathVerificationPeriod 30"
                    + " -NewPDORemovePeriod 120 -NewRetryCount 30 -NewRetryInterval 1"
                    + " -NewDiskTimeout 60",
                "# With MPIO, LinkDownTime is how long commands of a lost session wait for it to come back before they",
                "# go through another path: 15 s by default. Above the gateways' command-deadline (4 s).",
                "$class = 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Class\\{4D36E97B-E325-11CE-BFC1-08002BE10318}'",
                "Get-ChildItem $class -ErrorAction SilentlyContinue |",
                "  Where-Object { (Get-ItemProperty $_.PSPath).DriverDesc -eq 'Microsoft iSCSI Initiator' } |",
                "  ForEach-Object {",
                "    Set-ItemProperty \"$($_.PSPath)\\Parameters\" -Name LinkDownTime -Value 5 -Type DWord",
                "    # Idle connections are asked whether the gateway lives.",
                "    Set-ItemProperty \"$($_.PSPath)\\Parameters\" -Name EnableNOPOut -Value 1 -Type DWord",
                "  }")));
    List<String> discovery = new ArrayList<>();
    discovery.add(
        "# Any gateway names the portals of all; the others are for when that one is down.");
    exports
        .portals()
        .forEach(
            portal ->
                discovery.add(
                    "New-IscsiTargetPortal -TargetPortalAddress %s -TargetPortalPortNumber %s"
                        .formatted(Exports.address(portal), Exports.port(portal))));
    steps.add(new Step("Discovery", null, discovery));
    exports.targets().forEach(target -> steps.add(connect(target)));
    steps.add(
        new Step(
            "Look",
            null,
            List.of(
                "Get-IscsiSession",
                "# Active/Optimized through the owner, Active/Unoptimized through every other gateway.",
                "mpclaim -s -d",
                "Update-HostStorageCache")));
    return steps;
  }

  private static Step connect(Exports.Exported target) {
    List<String> lines = new ArrayList<>();
    if (target.listed()) {
      lines.add("# Only listed initiators may log in. The name of this one:");
      lines.add("(Get-InitiatorPort | Where-Object ConnectionType -eq 'iSCSI').NodeAddress");
      lines.add("# On a host with the moongate command, once:");
      lines.add("#   moongate target allow " + target.name() + " NAME");
    }
    if (target.explicitAlua()) {
      lines.add(
          "# This target offers explicit ALUA too. Windows turns implicit changes off where it finds that,");
      lines.add("# and then does not follow the cluster:");
      lines.add("#   moongate target set " + target.name() + " --explicit-alua off");
    }
    if (target.mutualUser() != null) {
      lines.add("# To have the target prove who it is (" + target.mutualUser() + "):");
      lines.add("Set-IscsiChapSecret -ChapSecret ITS-SECRET");
    }
    String chap =
        target.chapUser() == null
            ? ""
            : " -AuthenticationType %s -ChapUsername %s -ChapSecret SECRET"
                .formatted(
                    target.mutualUser() == null ? "ONEWAYCHAP" : "MUTUALCHAP", target.chapUser());
    if (!chap.isEmpty()) {
      lines.add(
          "# CHAP, unless this initiator has credentials of its own. Windows takes 12 to 16 bytes.");
    }
    target
        .portals()
        .forEach(
            portal ->
                lines.add(
                    ("Connect-IscsiTarget -NodeAddress %s -TargetPortalAddress %s"
                            + " -TargetPortalPortNumber %s -IsMultipathEnabled $true"
                            + " -IsPersistent $true%s")
                        .formatted(
                            target.name(), Exports.address(portal), Exports.port(portal), chap)));
    return new Step("Login to " + target.name() + ", through every portal", null, lines);
  }
}
