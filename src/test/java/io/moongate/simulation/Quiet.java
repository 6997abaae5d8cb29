package io.moongate.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Handler;
import java.util.logging.Logger;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/**
 * Nothing is logged: what goes wrong here is meant to, a thousand times. It is of the thread of the
 * test alone, since tests that look at what is logged may run beside.
 */
final class Quiet implements BeforeEachCallback, AfterEachCallback {
  private static final Set<Thread> THREADS = ConcurrentHashMap.newKeySet();

  static {
    ((LoggerContext) LoggerFactory.getILoggerFactory()).addTurboFilter(new OfThreads());
    for (Handler handler : Logger.getLogger("").getHandlers()) {
      handler.setFilter(event -> !THREADS.contains(Thread.currentThread()));
    }
  }

  private static final class OfThreads extends TurboFilter {
    @Override
    public FilterReply decide(
        Marker marker,
        ch.qos.logback.classic.Logger logger,
        Level level,
        String format,
        Object[] parameters,
        Throwable failure) {
      return THREADS.contains(Thread.currentThread()) ? FilterReply.DENY : FilterReply.NEUTRAL;
    }
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    THREADS.add(Thread.currentThread());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    THREADS.remove(Thread.currentThread());
  }
}
