package io.moongate.cli.demo;

import java.nio.file.Path;
import java.util.List;

/** What a person types next. */
final class ConnectGuide {

  private ConnectGuide() {}

  static String of(String target, List<GatewayAddress> gateways, Path tokenFile) {
    String first = gateways.get(0).portal();
    return """
        Look at it without a kernel initiator (Debian: libiscsi-bin, qemu-utils, qemu-block-extra):
          iscsi-ls -s iscsi://%1$s
          iscsi-inq -e 1 -c 131 iscsi://%1$s/%2$s/0
          qemu-io -f raw -n iscsi://%1$s/%2$s/0

        As a Linux host does, which is this one, as root (Debian: apt-get install open-iscsi multipath-tools). First this in
        /etc/multipath.conf, and systemctl restart multipathd:
          defaults {
            find_multipaths no
            user_friendly_names yes
          }
          devices {
            device {
              vendor "MOONGATE"
              product ".*"
              hardware_handler "1 alua"
              path_grouping_policy group_by_prio
              prio alua
              path_checker tur
              failback immediate
              fast_io_fail_tmo 5
              no_path_retry queue
            }
          }

        Then (every portal is discovered through any one; the disk has the name that multipath -ll shows):
          iscsiadm -m discovery -t sendtargets -p %1$s
          iscsiadm -m node -T %2$s -o update -n node.session.timeo.replacement_timeout -v 5
          iscsiadm -m node -T %2$s -o update -n 'node.conn[0].timeo.noop_out_interval' -v 5
          iscsiadm -m node -T %2$s -o update -n 'node.conn[0].timeo.noop_out_timeout' -v 5
          iscsiadm -m node -T %2$s --login
          multipath -ll
          mkfs.ext4 /dev/mapper/mpatha
          mount /dev/mapper/mpatha /mnt

        Before Ctrl-C, for without a gateway I/O waits until there is one:
          umount /mnt
          multipath -f mpatha
          iscsiadm -m node -T %2$s --logout

        Watch it, as the demo's administrator:
          export MOONGATE_TOKEN_FILE=%4$s
          moongate path list
          printf 'header = "Authorization: Bearer %%s"' "$(cat "$MOONGATE_TOKEN_FILE")" | curl -s -K - %3$s/api/v1/paths
        """
        .formatted(first, target, gateways.get(0).api(), tokenFile);
  }
}
