package io.moongate.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What is taken over from other gateways, or from a cluster whose metadata are lost. */
@Command(
    name = "import",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Take over targets and disks of other gateways, or of a cluster that is lost.",
    subcommands = {ImportCommand.CephIscsi.class, ConfigurationImportCommand.class})
final class ImportCommand {

  /** {@code import ceph-iscsi}. */
  @Command(
      name = "ceph-iscsi",
      description = {
        "Take over targets, disks, access lists and CHAP of ceph-iscsi, so that hosts find their"
            + " disks as they know them.",
        "Get its configuration by 'rados -p POOL get gateway.conf FILE'. Stop its gateways before"
            + " the import, and start none again: an image has one owner. What was done already is"
            + " not done twice, so an import that was interrupted is repeated, also while hosts use"
            + " what it imported.",
        "A repeated import does not take away what is gone from the file since, and lists, masks and"
            + " CHAP that were changed by hand become those of the file again."
      })
  static final class CephIscsi extends ClientCommand {
    @Parameters(paramLabel = "FILE", description = "The configuration object.")
    private Path file;

    @Option(
        names = "--pool",
        paramLabel = "POOL",
        description = "The pool of the gateways' rbd store. Default: rbd.")
    private String pool = "rbd";

    @Option(
        names = "--key",
        paramLabel = "FILE",
        description =
            "The private key under which CHAP passwords are encrypted: iscsi-gateway.key of a"
                + " gateway of ceph-iscsi.")
    private Path key;

    @Option(
        names = "--target",
        paramLabel = "IQN",
        description = "Import only this target; may be repeated. Default: all of them.")
    private List<String> targets = new ArrayList<>();

    @Option(
        names = "--allow-without-chap",
        description =
            "Clients without CHAP may log in to targets where others have it, by their name alone."
                + " ceph-iscsi refuses them, and without this option they are left off the list.")
    private boolean allowWithoutChap;

    @Option(names = "--dry-run", description = "Only say what would be done.")
    private boolean dryRun;

    @Override
    int run(ApiClient api) {
      CephIscsiPlan plan =
          CephIscsiPlan.of(
              CephIscsiConfiguration.read(bytes(file)),
              new CephIscsiPlan.Wanted(pool, targets, allowWithoutChap),
              passwords());
      CephIscsiImport importing = new CephIscsiImport(plan);
      plan.notes().forEach(note -> say("note: " + note));
      try {
        if (dryRun) {
          importing.lines().forEach(this::say);
        } else {
          run(api, importing);
        }
      } finally {
        printedAsJson(api, importing.json(dryRun));
      }
      return 0;
    }

    /** Each step is a line; on a terminal there is a bar below them. */
    private void run(ApiClient api, CephIscsiImport importing) {
      try (Progress progress = progress("importing", null)) {
        long[] done = {0};
        importing.run(
            api,
            line -> {
              if (terminal().interactive()) {
                err().print(terminal().backToStart());
                err().flush();
              }
              say(line);
              done[0]++;
              if (terminal().interactive()) {
                progress.at(done[0], importing.steps());
              }
            });
      }
    }

    private CephIscsiPlan.Passwords passwords() {
      CephIscsiKey decrypting =
          key == null ? null : CephIscsiKey.read(new String(bytes(key), StandardCharsets.US_ASCII));
      return (whose, auth) -> {
        if (!auth.encrypted()) {
          return auth.password();
        }
        if (decrypting == null) {
          throw ApiException.refused(
              "The password of " + whose + " is encrypted: give the key of its gateways by --key");
        }
        return decrypting.decrypt(whose, auth.password());
      };
    }
  }

  /** What is in a file. */
  static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw ApiException.refused("Can't read the file " + file + ": " + e.getMessage());
    }
  }
}
