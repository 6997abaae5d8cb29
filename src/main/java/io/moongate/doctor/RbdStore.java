package io.moongate.doctor;

import io.moongate.cli.CheckResult;
import io.moongate.volume.rbd.RbdReach;
import io.moongate.volume.rbd.RbdSettings;

/** The pool of the rbd store: reached with the key that the gateway has. */
public final class RbdStore {
  private static final String CHECK = "store rbd";

  private RbdStore() {}

  public static CheckResult check(RbdSettings settings) {
    String what = "pool %s as client.%s".formatted(settings.pool(), settings.user());
    try {
      RbdReach.require(settings);
      return CheckResult.ok(CHECK, what + " is reached");
    } catch (LinkageError e) {
      return CheckResult.fail(
          CHECK, "librbd or librados does not load: " + e.getMessage(), "install librbd1");
    } catch (RuntimeException e) {
      return CheckResult.fail(CHECK, what + ": " + e.getMessage(), "see docs/ceph.md");
    }
  }
}
