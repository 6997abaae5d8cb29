package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeStore;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class StoreReachTest {
  private final Deque<CompletableFuture<Void>> asked = new ArrayDeque<>();
  private final List<String> said = new ArrayList<>();
  private final StoreReach reach =
      new StoreReach(
          List.of(store()), (store, kind, detail) -> said.add(store + " " + kind + " " + detail));

  private VolumeStore store() {
    return (VolumeStore)
        Proxy.newProxyInstance(
            VolumeStore.class.getClassLoader(),
            new Class<?>[] {VolumeStore.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "kind" -> "rbd";
                  case "reach" -> {
                    asked.add(new CompletableFuture<>());
                    yield asked.getLast();
                  }
                  default -> throw new AssertionError(method);
                });
  }

  private List<String> answered(String failure) {
    reach.look();
    assertEquals(1, asked.size());
    said.clear();
    if (failure.isEmpty()) {
      asked.remove().complete(null);
    } else {
      asked.remove().completeExceptionally(new VolumeException(Reason.UNAVAILABLE, failure));
    }
    return List.copyOf(said);
  }

  @Test
  void whatChangesIsSaidOnce() {
    assertEquals(List.of("rbd STORE_FAILING wrong key"), answered("wrong key"));
    assertEquals(List.of(), answered("wrong key"));
    assertEquals(List.of("rbd STORE_WELL reached"), answered(""));
    assertEquals(List.of(), answered(""));
    assertEquals(List.of("rbd STORE_FAILING no monitor"), answered("no monitor"));
  }

  @Test
  void oneThatDoesNotAnswerIsNotAskedAgain() {
    reach.look();
    reach.look();
    assertEquals(1, asked.size());
    asked.remove().complete(null);
    reach.look();
    assertEquals(1, asked.size());
  }
}
