package io.moongate;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.actor.ActorSystem;

/**
 * Pekko Management's readiness check of a gateway, made by name from {@code
 * pekko.management.health-checks.readiness-checks}: whether initiators can be served.
 */
public final class Readiness implements Supplier<CompletionStage<Boolean>> {
  private static volatile boolean ready;

  /** The constructor that Pekko Management calls. */
  public Readiness(ActorSystem system) {}

  static void set(boolean ready) {
    Readiness.ready = ready;
  }

  static boolean isSet() {
    return ready;
  }

  @Override
  public CompletionStage<Boolean> get() {
    return CompletableFuture.completedFuture(ready);
  }
}
