package io.moongate.volume.rbd;

import com.sun.jna.CallbackReference;
import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The asynchronous calls of this process that are under way. Each has a number, which librbd gives
 * back when it has ended; what is kept here under that number can't be collected before.
 */
final class Requests {
  private static final Logger LOG = LoggerFactory.getLogger(Requests.class);

  private static final Map<Long, Request> UNDER_WAY = new ConcurrentHashMap<>();
  private static final AtomicLong NUMBERS = new AtomicLong();

  /** Kept for ever: librbd has its address. */
  private static final Librbd.Completed COMPLETED = Requests::completed;

  /** The same of librados, whose completions are of another kind. */
  private static final Librbd.Completed DONE = Requests::done;

  private static final long CALLBACK = callback(COMPLETED);
  private static final long CALLBACK_OF_RADOS = callback(DONE);

  /** Begins a call that has a completion; its result is that of librbd. */
  @FunctionalInterface
  interface Call {
    long begin(long completion);
  }

  private record Request(String action, Object kept, CompletableFuture<Long> result) {}

  private Requests() {}

  private static long callback(Librbd.Completed completed) {
    // A thread of librbd that was let go after each call would be made known to the JVM anew for
    // the next.
    Native.setCallbackThreadInitializer(
        completed, new CallbackThreadInitializer(true, false, "volume-rbd"));
    return Pointer.nativeValue(CallbackReference.getFunctionPointer(completed));
  }

  /**
   * Begins a call.
   *
   * @param action what it does, for the message when it fails
   * @param kept what must stay reachable until it has ended
   * @return librbd's result, 0 or more, or a {@link io.moongate.volume.VolumeException}; completes
   *     on a thread of librbd, which must not be made to wait
   */
  static CompletableFuture<Long> begin(String action, Object kept, Call call) {
    return begin(
        action,
        kept,
        call,
        (number, completion) -> Librbd.rbd_aio_create_completion(number, CALLBACK, completion),
        Librbd::rbd_aio_release);
  }

  /** The same with a call, and a completion, of librados. */
  static CompletableFuture<Long> beginOfRados(String action, Object kept, Call call) {
    return begin(
        action,
        kept,
        call,
        (number, completion) ->
            Librados.rados_aio_create_completion2(number, CALLBACK_OF_RADOS, completion),
        Librados::rados_aio_release);
  }

  @FunctionalInterface
  private interface Maker {
    long make(long number, long[] completion);
  }

  private static CompletableFuture<Long> begin(
      String action, Object kept, Call call, Maker maker, LongConsumer release) {
    CompletableFuture<Long> result = new CompletableFuture<>();
    long number = NUMBERS.incrementAndGet();
    long[] completion = new long[1];
    long made = maker.make(number, completion);
    if (made < 0) {
      result.completeExceptionally(Errno.failure(made, action));
      return result;
    }
    UNDER_WAY.put(number, new Request(action, kept, result));
    long begun = call.begin(completion[0]);
    if (begun < 0) {
      // It has not begun, so nobody will say that it has ended.
      UNDER_WAY.remove(number);
      release.accept(completion[0]);
      result.completeExceptionally(Errno.failure(begun, action));
    }
    return result;
  }

  private static void completed(long completion, long number) {
    long returned = Librbd.rbd_aio_get_return_value(completion);
    Librbd.rbd_aio_release(completion);
    answer(number, returned);
  }

  private static void done(long completion, long number) {
    long returned = Librados.rados_aio_get_return_value(completion);
    Librados.rados_aio_release(completion);
    answer(number, returned);
  }

  private static void answer(long number, long returned) {
    Request request = UNDER_WAY.remove(number);
    try {
      if (returned < 0) {
        request.result().completeExceptionally(Errno.failure(returned, request.action()));
      } else {
        request.result().complete(returned);
      }
    } catch (RuntimeException | Error e) {
      // There is nobody above this but librbd.
      LOG.error("event=request-not-answered", e);
    }
  }
}
