package io.moongate.cli.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Options that say where LUNs have their blocks. */
public final class StoreOptions {

  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--store",
      paramLabel = "KIND",
      defaultValue = "file",
      description =
          "Where the LUNs have their blocks: file, in --dir, or rbd, images of a Ceph pool; a directory"
              + " keeps the store that it was begun with (default: ${DEFAULT-VALUE}). To measure also"
              + " memory, the heap of the gateway.")
  private String store;

  @Option(
      names = "--ceph-conf",
      paramLabel = "FILE",
      defaultValue = "/etc/ceph/ceph.conf",
      description = "With --store rbd: Ceph's configuration file (default: ${DEFAULT-VALUE}).")
  private Path cephConf;

  @Option(
      names = "--ceph-user",
      paramLabel = "NAME",
      defaultValue = "moongate",
      description =
          "With --store rbd: the Ceph user, without \"client.\"; it needs mon 'profile rbd' and osd"
              + " 'profile rbd pool=POOL' (default: ${DEFAULT-VALUE}).")
  private String cephUser;

  @Option(
      names = "--ceph-keyring",
      paramLabel = "FILE",
      description =
          "With --store rbd: the file with the user's key. Default: where Ceph's configuration says.")
  private Optional<Path> cephKeyring = Optional.empty();

  @Option(
      names = "--pool",
      paramLabel = "NAME",
      defaultValue = "rbd",
      description = "With --store rbd: the pool (default: ${DEFAULT-VALUE}).")
  private String pool;

  /**
   * What they say, for a measurement, after which nothing need be left.
   *
   * @throws ParameterException when that can't be
   */
  public DemoStore storeOrMemory() {
    return store.equals("memory") ? DemoStore.MEMORY : store();
  }

  /**
   * What they say.
   *
   * @throws ParameterException when that can't be
   */
  public DemoStore store() {
    if (store.equals("file")) {
      return DemoStore.FILE;
    }
    if (!store.equals("rbd")) {
      throw new ParameterException(
          spec.commandLine(), "--store is file or rbd, not \"%s\"".formatted(store));
    }
    if (!Files.isReadable(cephConf)) {
      throw new ParameterException(
          spec.commandLine(),
          "Can't read %s: name Ceph's configuration by --ceph-conf".formatted(cephConf));
    }
    return DemoStore.rbd(new DemoStore.Ceph(cephConf, cephUser, pool, cephKeyring));
  }
}
