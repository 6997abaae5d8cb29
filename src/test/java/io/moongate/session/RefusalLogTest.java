package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.junit.jupiter.api.Test;

class RefusalLogTest {
  private static final long SECOND = 1_000_000_000L;

  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final RefusalLog log = new RefusalLog(logger());

  private Logger logger() {
    Logger logger = new LoggerContext().getLogger("refusals");
    lines.setContext(logger.getLoggerContext());
    lines.start();
    logger.addAppender(lines);
    return logger;
  }

  private List<String> told() {
    List<String> told = lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    lines.list.clear();
    return told;
  }

  @Test
  void tellsOfEachWhileTheyAreFewAndCountsTheRest() {
    long now = Long.MAX_VALUE - SECOND / 2;
    for (int i = 0; i < 1_000; i++) {
      log.refused("peer " + i, "max-connections is reached", now);
    }
    List<String> told = told();
    assertEquals(10, told.size());
    assertEquals("connection of peer 0: max-connections is reached", told.get(0));
    log.tick(now + SECOND - 1);
    assertEquals(List.of(), told());
    log.tick(now + SECOND);
    assertEquals(List.of("990 more connections were refused, or ended before their login"), told());
    log.ended("peer", "the login took too long", now + SECOND);
    assertEquals(
        List.of("connection of peer ended before its login: the login took too long"), told());
    log.tick(now + 2 * SECOND);
    assertEquals(List.of(), told());
  }
}
