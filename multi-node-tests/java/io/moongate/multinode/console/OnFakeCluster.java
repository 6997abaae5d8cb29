package io.moongate.multinode.console;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** The console in a real Chromium before a cluster of three gateways, of which gw3 has failed. */
abstract class OnFakeCluster {
  static final String LUN = ".node.lun";
  static Browser browser;
  FakeCluster cluster;
  FakeGateway gateway;

  @BeforeAll
  static void startBrowser() throws Exception {
    browser = Browser.start();
  }

  @AfterAll
  static void stopBrowser() throws Exception {
    browser.close();
  }

  @BeforeEach
  final void start() throws Exception {
    cluster = new FakeCluster(3, 2, 4, 3, Instant.now().minusSeconds(600));
    cluster.fail("gw3", Instant.now().minusSeconds(300));
    gateway = FakeGateway.start(cluster);
  }

  /** Signs in as somebody of this role. */
  final void show(String role) {
    gateway.role = role;
    browser.size(1280, 800);
    browser.open(gateway.console());
    browser.signIn(FakeGateway.TOKEN);
    browser.await("the console to be live", () -> browser.text("#status").startsWith("Live"));
    browser.await("LUNs", () -> browser.there(LUN));
  }

  @AfterEach
  final void stop() throws Exception {
    try {
      assertEquals(List.of(), browser.consoleErrors());
    } finally {
      browser.script("sessionStorage.clear()");
      gateway.close();
    }
  }

  static String lun(String name) {
    return LUN + "[aria-label^='LUN " + name + ",']";
  }

  /** Shows the details of something in the table of its kind. */
  final void choose(String view, String name) {
    browser.script("location.hash = arguments[0]", "#/" + view);
    browser.await(
        view,
        () ->
            browser.there(".tabs a[aria-current][href='#/" + view + "']")
                && browser.there(".plain .name button"));
    browser.script(
        "[...document.querySelectorAll('#view .plain .name button')]"
            + ".find(b => b.textContent.includes(arguments[0])).click()",
        name);
    browser.await(name, () -> browser.text("#details-heading").contains(name));
  }

  /** Opens the form of a task by the keyboard. */
  final void press(String action) {
    String button = "[data-action='" + action + "']";
    browser.await(action, () -> browser.there(button));
    browser.script("document.querySelector(arguments[0]).focus()", button);
    browser.type(org.openqa.selenium.Keys.ENTER);
    browser.await("the form of " + action, () -> browser.there("dialog[open]"));
    assertEquals(List.of(), browser.violations(), action);
  }
}
