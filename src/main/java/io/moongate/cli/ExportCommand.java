package io.moongate.cli;

import io.moongate.management.api.Chap;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.Initiator;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Target;
import io.moongate.security.SecretFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code export}. */
@Command(
    name = "export",
    description = {
      "Write down what is configured: targets, who may log in, LUNs with the names by which hosts know"
          + " them and their volumes, gateways. 'import configuration' restores it in a cluster whose"
          + " metadata are lost.",
      "CHAP secrets are not in it: no gateway tells one. Nor are data, reservations, or the history.",
      "Give each export a name of its own, with the date: the one of before a mistake is what is needed"
          + " after it. A file that has targets or LUNs is not replaced by an export that has none."
    })
final class ExportCommand extends ClientCommand {
  private static final int ATTEMPTS = 5;

  @Parameters(
      arity = "0..1",
      paramLabel = "FILE",
      description = "Replaced whole, or not at all. Default: the standard output.")
  private Path file;

  @Option(
      names = "--force",
      description = "Replace FILE also when nothing is configured, and what is in it is lost.")
  private boolean force;

  @Override
  int run(ApiClient api) {
    Configuration configuration = whole(() -> of(api));
    if (file == null) {
      out().print(configuration.text());
      out().flush();
      return 0;
    }
    if (configuration.empty() && !force) {
      requireNothingLost();
    }
    write(configuration.text());
    done(
        "wrote %d targets and %d LUNs to %s"
            .formatted(configuration.targets().size(), configuration.luns().size(), file));
    return 0;
  }

  /**
   * One that can be restored: what is changed between two questions may leave a LUN without its
   * target.
   *
   * @throws ApiException when it is so again and again
   */
  static Configuration whole(Supplier<Configuration> reading) {
    ApiException last = null;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Configuration configuration = reading.get();
      try {
        configuration.requireWhole("What the cluster answers");
        return configuration;
      } catch (ApiException e) {
        last = e;
      }
    }
    throw last;
  }

  /**
   * A cluster whose metadata are lost has nothing to write down, and what was written is needed.
   */
  private void requireNothingLost() {
    try {
      if (Files.notExists(file) || Files.size(file) == 0) {
        return;
      }
      if (Configuration.read(file.toString(), Files.readAllBytes(file)).empty()) {
        return;
      }
    } catch (IOException e) {
      throw ApiException.refused("Can't read the file " + file + ": " + e);
    } catch (ApiException e) {
      // Something else, which may be as dear.
    }
    throw ApiException.refused(
        "The cluster has no target and no LUN, and %s has something in it: it is left as it is. To replace it: --force"
            .formatted(file));
  }

  private void write(String text) {
    try {
      SecretFile.write(file, text);
    } catch (IOException e) {
      throw ApiException.refused("Can't write the file " + file + ": " + e);
    }
  }

  /** What a cluster has. */
  static Configuration of(ApiClient api) {
    List<Configuration.Gateway> gateways =
        api.asList(api.get("/gateways"), Gateway.class).stream()
            .map(
                each ->
                    new Configuration.Gateway(
                        each.name(),
                        each.portGroup(),
                        each.portals().stream().sorted().toList(),
                        each.service()))
            .sorted(Comparator.comparing(Configuration.Gateway::name))
            .toList();
    List<Configuration.Target> targets = new ArrayList<>();
    for (Target each : api.asList(api.get("/targets"), Target.class)) {
      targets.add(
          new Configuration.Target(
              each.name(),
              each.everyGateway() ? null : each.gateways().stream().sorted().toList(),
              each.explicitAlua(),
              each.access(),
              user(each.chap()),
              user(each.mutualChap()),
              hosts(api, each.name())));
    }
    targets.sort(Comparator.comparing(Configuration.Target::name));
    // A list has one element for each place where a unit is mapped.
    TreeMap<String, Configuration.Lun> luns = new TreeMap<>();
    for (LogicalUnit each : api.asList(api.get("/luns"), LogicalUnit.class)) {
      luns.putIfAbsent(each.id(), lun(each));
    }
    return new Configuration(
        Configuration.FORMAT, Configuration.VERSION, gateways, targets, List.copyOf(luns.values()));
  }

  private static List<Configuration.Host> hosts(ApiClient api, String target) {
    return api
        .asList(api.get("/targets/" + ApiClient.encode(target) + "/initiators"), Initiator.class)
        .stream()
        .map(
            each ->
                new Configuration.Host(
                    each.initiator(), user(each.chap()), mask(each.luns()), each.remark()))
        .sorted(Comparator.comparing(Configuration.Host::initiator))
        .toList();
  }

  private static List<Initiator.Lun> mask(List<Initiator.Lun> luns) {
    return luns == null
        ? null
        : luns.stream().sorted(Comparator.comparing(Initiator.Lun::lun)).toList();
  }

  private static Configuration.Lun lun(LogicalUnit unit) {
    return new Configuration.Lun(
        unit.id(),
        unit.naa(),
        unit.serial(),
        unit.store(),
        unit.volume(),
        unit.size(),
        unit.blockSize(),
        unit.physicalBlockSize(),
        unit.provisioning(),
        unit.removable(),
        unit.readOnly(),
        unit.preferred(),
        unit.mappings().stream()
            .map(place -> new Configuration.Place(place.target(), place.lun()))
            .sorted(
                Comparator.comparing(Configuration.Place::target)
                    .thenComparing(Configuration.Place::lun))
            .toList());
  }

  private static String user(Chap chap) {
    return chap == null ? null : chap.user();
  }
}
