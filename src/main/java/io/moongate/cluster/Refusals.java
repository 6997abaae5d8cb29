package io.moongate.cluster;

import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.Metadata.Refusal.Kind;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** Stages that end in a {@link Refusal}, and what other stages have failed with. */
public final class Refusals {
  private Refusals() {}

  /** A stage that has failed with a refusal. */
  public static <T> CompletionStage<T> refuse(Kind kind, String field, String message) {
    return CompletableFuture.failedStage(new Refusal(kind, field, message));
  }

  /** What a stage has failed with. */
  public static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException wrapped && wrapped.getCause() != null
        ? wrapped.getCause()
        : failure;
  }
}
