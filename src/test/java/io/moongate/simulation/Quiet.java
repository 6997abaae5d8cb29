package io.moongate.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Nothing is logged: what goes wrong here is meant to, a thousand times. */
final class Quiet implements BeforeAllCallback, AfterAllCallback {
  private final Logger product = (Logger) LoggerFactory.getLogger("io.moongate");
  private final java.util.logging.Logger platform =
      java.util.logging.Logger.getLogger("io.moongate");
  private Level before;

  @Override
  public void beforeAll(ExtensionContext context) {
    before = product.getLevel();
    product.setLevel(Level.OFF);
    platform.setLevel(java.util.logging.Level.OFF);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    product.setLevel(before);
    platform.setLevel(null);
  }
}
