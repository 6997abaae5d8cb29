package io.moongate.multinode.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cli.demo.DemoAccess;
import io.moongate.management.api.LogicalUnit;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestHost;
import io.moongate.multinode.harness.TestLun;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;

/** The console of a real gateway, in a real Chromium. */
@ClusterAlone
class ConsoleIT {
  private static final Duration BOUND = Duration.ofSeconds(90);
  private Browser browser;

  @BeforeEach
  void start() throws Exception {
    browser = Browser.start();
  }

  @AfterEach
  void stop() throws Exception {
    browser.close();
  }

  private static String node(TestLun lun) {
    String name = lun.target().substring(lun.target().indexOf(':') + 1) + "/" + lun.number();
    return ".node.lun[aria-label^='LUN " + name + ",']";
  }

  private void open(TestCluster cluster, TestGateway gateway) {
    // The root leads to the console.
    browser.open(URI.create("http://" + gateway.host() + ":8080/"));
    assertEquals("/console/", browser.address().getPath());
    browser.signIn(DemoAccess.in(cluster.directory()).token());
    browser.await("the console to be live", () -> browser.text("#status").startsWith("Live"));
  }

  @Test
  void aRealFailoverIsSeenAndThenReplayed(TestCluster cluster) throws Exception {
    TestLun lun = cluster.createLun("console", 0, 16L << 20);
    TestGateway owner = cluster.gateways().get(1);
    cluster.move(lun, owner);
    TestGateway shown = cluster.servingWithout(owner).get(0);
    try (TestHost host = TestHost.open(cluster.servingWithout(owner), lun, "console")) {
      open(cluster, shown);
      browser.await("the host " + host, () -> browser.there(".node.host"));
      browser.await(
          "the owner " + owner,
          () -> browser.label(node(lun)).contains("owner " + owner + ", serving"));
      for (TestGateway gateway : cluster.gateways()) {
        String state = gateway == owner ? "active/optimized" : "active/non-optimized";
        assertTrue(browser.label(node(lun)).contains(gateway + " " + state));
      }
      browser.shot("real-before");
      browser.script("window.stays = true");
      owner.kill();
      browser.await(
          "another owner",
          BOUND,
          () ->
              browser.label(node(lun)).contains(owner + " unavailable")
                  && browser.label(node(lun)).contains(", serving")
                  && !browser.label(node(lun)).contains("owner " + owner));
      assertTrue(browser.label(".node.gateway.bad").contains("Gateway " + owner + ", failed"));
      assertTrue(browser.text("#events").contains(owner + "has failed, was up"));
      assertEquals(Boolean.TRUE, browser.script("return window.stays"), "without a reload");
      browser.shot("real-failover");
      assertEquals(List.of(), browser.violations());
      assertEquals(List.of(), browser.consoleErrors());
      replay(lun, owner);
    } finally {
      cluster.heal();
      cluster.delete(lun.target());
    }
  }

  /** Others may be down: the cluster is not this test's own. */
  private boolean isWell(TestGateway gateway) {
    return Boolean.FALSE.equals(
        browser.script(
            "return Array.from(document.querySelectorAll('.node.gateway.bad'))"
                + ".some(e => e.getAttribute('aria-label').includes('Gateway "
                + gateway
                + ","
                + "'))"));
  }

  private void replay(TestLun lun, TestGateway owner) {
    browser.script("document.querySelector('.timeline select').dispatchEvent(new Event('change'))");
    browser.await("what the history says", () -> !browser.text(".timeline > .muted").isEmpty());
    assertFalse(browser.text(".timeline").contains("tells no history"));
    browser.events();
    String then = "owner " + owner + ", serving";
    // The failure is on record before the next owner is: there is an instant between.
    for (int i = 0; i < 400 && !(browser.label(node(lun)).contains(then) && isWell(owner)); i++) {
      browser.type("[");
      String shown = browser.text("#timeline output");
      browser.await("that instant", () -> browser.text("#banner").contains(shown));
    }
    String where =
        browser.text("#timeline output")
            + " of "
            + browser.text(".timeline > .muted")
            + ": "
            + browser.label(node(lun))
            + ", "
            + browser.script(
                "return Array.from(document.querySelectorAll('.node.gateway'))"
                    + ".map(e => e.getAttribute('aria-label')).join()");
    assertTrue(browser.label(node(lun)).contains(then), where);
    assertTrue(isWell(owner), "it had not failed then: " + where);
    browser.shot("real-past");
    browser.type("p");
    browser.await(
        "the replay to come to the failure",
        BOUND,
        () -> browser.label(node(lun)).contains(owner + " unavailable"));
    browser.type("l");
    browser.await("now", () -> browser.text("#status").startsWith("Live"));
    assertEquals(List.of(), browser.consoleErrors());
  }

  @Test
  void aTargetAndALunAreMadeWithTheKeyboardAlone(TestCluster cluster) throws Exception {
    String target = "iqn.2026-11.io.moongate:keyboard";
    open(cluster, cluster.gateways().get(0));
    // By Tab from the top of the page, as somebody does who has no other way.
    browser.tabTo("#create");
    browser.type(Keys.ENTER);
    browser.await("the menu", () -> browser.focused(".menu button"));
    browser.type(Keys.ENTER);
    browser.await("the form", () -> browser.focused("dialog input"));
    browser.type(target, Keys.ENTER);
    browser.await("the target", () -> browser.text("#toasts").contains("Target keyboard"));

    browser.await("no dialog", () -> !browser.there("dialog"));
    browser.await("the page to know it", () -> browser.text("#events").contains("keyboardcreated"));
    browser.type("c", Keys.ARROW_DOWN, Keys.ENTER);
    browser.await("the form", () -> browser.focused("dialog select"));
    for (int i = 0; i < 50 && !target.equals(selected()); i++) {
      browser.type(Keys.ARROW_DOWN);
    }
    assertEquals(target, selected());
    browser.type(Keys.TAB);
    browser.await("the LUN's number", () -> browser.focused("dialog input"));
    browser.chord(Keys.CONTROL, "a");
    browser.type("7", Keys.TAB, "16 MiB", Keys.TAB, "file");
    browser.tabTo("dialog [type=submit]");
    browser.shot("real-form");
    browser.type(Keys.ENTER);
    browser.await("the LUN", BOUND, () -> browser.text("#toasts").contains("LUN keyboard/7"));
    browser.await("it to be drawn", () -> browser.text(".map").contains("keyboard/7"));
    LogicalUnit made = find(cluster, target);
    assertEquals(7, made.lun());
    assertEquals(16L << 20, made.size());
    assertEquals("file", made.store());

    browser.script("location.hash = '#/luns'");
    browser.await("the table", () -> browser.there(".plain .name button"));
    browser.tabTo("[data-row='" + made.id() + "']");
    browser.type(Keys.ENTER);
    browser.await("details", () -> browser.text("#details-heading").equals("LUN keyboard/7"));
    browser.tabTo("[data-action=deleteLun]");
    browser.type(Keys.ENTER);
    browser.await("the form", () -> browser.focused("dialog input"));
    browser.type("keyboard/7", Keys.ENTER);
    browser.await("the end of the LUN", BOUND, () -> find(cluster, target) == null);
    browser.await("it to be gone", () -> !browser.text(".plain").contains("keyboard/7"));
    assertEquals(List.of(), browser.consoleErrors());
    cluster.delete(target);
  }

  /** What an initiator sees and by what it is known, and that a LUN in use is deleted by force. */
  @Test
  void aListIsKeptAndALunInUseDeleted(TestCluster cluster) throws Exception {
    TestLun lun = cluster.createLun("forms", 0, 16L << 20);
    TestGateway shown = cluster.gateways().get(0);
    String initiator = "iqn.1993-08.org.debian:01:listed";
    try (TestHost host = TestHost.open(List.of(shown), lun, "forms")) {
      open(cluster, shown);
      choose("targets", lun.target());
      press("allow");
      browser.type(initiator, Keys.TAB, "1=0", Keys.TAB, Keys.TAB, Keys.TAB, "rack 7", Keys.ENTER);
      browser.await("the list", () -> browser.text("#details").contains("LUNs 1=0, rack 7"));
      assertEquals(
          "[{\"lun\":1,\"targetLun\":0}]",
          listed(shown, lun.target(), initiator).get("luns").toString());
      press("mutualChap");
      browser.type("the-target", Keys.TAB, "0123456789abcdef", Keys.ENTER);
      browser.await("it to be set", () -> browser.text("#details").contains("as the-target"));
      press("initiator " + initiator);
      browser.chord(Keys.CONTROL, "a");
      browser.type("none", Keys.ENTER);
      browser.await("the change", () -> browser.text("#details").contains("no LUN, rack 7"));
      assertEquals("[]", listed(shown, lun.target(), initiator).get("luns").toString());

      choose("luns", "forms/0");
      press("deleteLun");
      assertTrue(browser.text("dialog .listing").contains("1 session is logged in"));
      assertTrue(browser.text("dialog .listing").contains("host-forms through " + shown));
      browser.type(" ", Keys.TAB, "forms/0", Keys.ENTER);
      browser.await("the end of the LUN", BOUND, () -> find(cluster, lun.target()) == null);
      assertEquals(List.of(), browser.consoleErrors());
    } finally {
      cluster.delete(lun.target());
    }
  }

  private static JsonNode listed(TestGateway gateway, String target, String initiator)
      throws Exception {
    String path = "/api/v1/targets/%s/initiators/%s".formatted(target, initiator);
    return new ObjectMapper().readTree(gateway.api().text(path));
  }

  private void choose(String view, String name) {
    browser.script("location.hash = arguments[0]", "#/" + view);
    browser.await(name, () -> browser.text("#view .plain").contains(name));
    browser.script(
        "[...document.querySelectorAll('#view .plain .name button')]"
            + ".find(b => b.textContent === arguments[0]).click()",
        name);
    browser.await("details", () -> browser.there("#details-heading"));
  }

  private void press(String action) {
    String button = "[data-action='" + action + "']";
    browser.await(action, () -> browser.there(button + ":enabled"));
    browser.script("document.querySelector(arguments[0]).focus()", button);
    browser.type(Keys.ENTER);
    browser.await("the form", () -> browser.focused("dialog input"));
  }

  private Object selected() {
    return browser.script("return document.querySelector('dialog select').value");
  }

  private static LogicalUnit find(TestCluster cluster, String target) {
    try {
      return cluster.gateways().get(1).api().luns().stream()
          .filter(unit -> target.equals(unit.target()))
          .findFirst()
          .orElse(null);
    } catch (ApiException e) {
      throw new AssertionError(e.getMessage(), e);
    }
  }

  @Test
  void nothingFromElsewhereIsLoadedOrRun(TestCluster cluster) throws Exception {
    open(cluster, cluster.gateways().get(0));
    Object origins =
        browser.script(
            "return [...new Set(performance.getEntriesByType('resource')"
                + ".map(e => new URL(e.name).origin))]");
    assertEquals(List.of("http://" + cluster.gateways().get(0).host() + ":8080"), origins);
    // The policy holds: what a page could be made to run is not run.
    browser.script(
        "const s = document.createElement('script'); s.textContent = 'window.run = true';"
            + "document.head.append(s)");
    assertNotEquals(Boolean.TRUE, browser.script("return window.run"));
    assertEquals(
        1,
        browser.consoleErrors().stream()
            .filter(error -> error.contains("Content Security Policy"))
            .count());
  }
}
