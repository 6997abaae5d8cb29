package io.moongate.multinode.harness;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** Asks for many things of which each takes a round trip or more, some of them at once. */
public final class AtOnce {
  /** So many wait for an answer. */
  private static final int ASKED = 8;

  private AtOnce() {}

  /** What a function says of each, in the order of the list; the first failure is thrown. */
  public static <T, R> List<R> each(List<T> all, Function<T, R> ask) {
    ExecutorService askers = Executors.newFixedThreadPool(ASKED);
    try {
      List<CompletableFuture<R>> asked =
          all.stream()
              .map(one -> CompletableFuture.supplyAsync(() -> ask.apply(one), askers))
              .toList();
      return asked.stream().map(CompletableFuture::join).toList();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    } finally {
      askers.shutdownNow();
    }
  }
}
