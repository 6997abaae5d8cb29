package io.moongate.management;

import io.moongate.management.api.Reloaded;
import java.util.List;

/** Takes one setting each time. */
final class FakeReloading implements Reloading {
  @Override
  public Reloaded reload(String by, boolean dryRun) {
    return new Reloaded("gw1", "gw1.conf", !dryRun, List.of(new Reloaded.Setting("a.b", "1", "2")));
  }
}
