package io.moongate;

import io.moongate.management.Reloading;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SIGHUP, by which service managers ask for a reload: without this the JVM ends by it. The class is
 * the JVM's own, of the module {@code jdk.unsupported}, and has no other way to it than reflection
 * that compiles without a warning.
 */
final class ReloadSignal {
  private static final Logger LOG = LoggerFactory.getLogger(ReloadSignal.class);

  private ReloadSignal() {}

  /** Has it reload; says in the log when this JVM can't. */
  static void reloads(Reloading reloading) {
    handle(() -> reload(reloading));
  }

  /** Has it do nothing but say in the log why. */
  static void refuses(String reason) {
    handle(() -> LOG.warn("event=reload-refused reason=\"{}\"", reason));
  }

  private static void handle(Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object reload =
          Proxy.newProxyInstance(
              ReloadSignal.class.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) ->
                  switch (method.getName()) {
                    case "handle" -> {
                      action.run();
                      yield null;
                    }
                    case "equals" -> proxy == arguments[0];
                    case "hashCode" -> System.identityHashCode(proxy);
                    default -> "reload by SIGHUP";
                  });
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance("HUP"), reload);
    } catch (InvocationTargetException refused) {
      LOG.warn("event=no-reload-by-signal reason=\"{}\"", String.valueOf(refused.getCause()));
    } catch (ReflectiveOperationException absent) {
      LOG.warn("event=no-reload-by-signal reason=\"{}\"", absent.toString());
    }
  }

  /** The JVM has made a thread for it. */
  private static void reload(Reloading reloading) {
    // That thread has none, and the settings are read by it.
    Thread.currentThread().setContextClassLoader(ReloadSignal.class.getClassLoader());
    try {
      reloading.reload("SIGHUP", false);
    } catch (Reloading.Refused refused) {
      // It is in the log already, with its reason.
      return;
    } catch (RuntimeException failure) {
      LOG.error("event=reload-failed", failure);
    }
  }
}
