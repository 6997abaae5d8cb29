package io.moongate.management;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.slf4j.LoggerFactory;

/** What is logged, libraries' debugging included, between its beginning and its end. */
public final class LogCapture implements AutoCloseable {
  private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private final Logger own = (Logger) LoggerFactory.getLogger("io.moongate");
  private final Level rootLevel = root.getLevel();
  private final Level ownLevel = own.getLevel();
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

  public LogCapture() {
    logged.start();
    root.addAppender(logged);
    root.setLevel(Level.DEBUG);
    own.setLevel(Level.TRACE);
  }

  /** The lines, with the exceptions that came along. */
  public List<String> lines() {
    return List.copyOf(logged.list).stream()
        .map(
            event ->
                event.getFormattedMessage()
                    + (event.getThrowableProxy() == null
                        ? ""
                        : " " + event.getThrowableProxy().getMessage()))
        .toList();
  }

  @Override
  public void close() {
    root.setLevel(rootLevel);
    own.setLevel(ownLevel);
    root.detachAppender(logged);
  }
}
