package io.moongate.multinode.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;

/** The console in a real Chromium, before a cluster that is made up. */
class ConsolePagesIT {
  private static final String LUN = ".node.lun";
  private static Browser browser;
  private FakeGateway gateway;

  @BeforeAll
  static void startBrowser() throws Exception {
    browser = Browser.start();
  }

  @AfterAll
  static void stopBrowser() throws Exception {
    browser.close();
  }

  @BeforeEach
  void start() throws Exception {
    FakeCluster cluster = new FakeCluster(3, 2, 4, 3, Instant.now().minusSeconds(600));
    cluster.fail("gw3", Instant.now().minusSeconds(300));
    show(FakeGateway.start(cluster));
  }

  private void show(FakeGateway shown) {
    gateway = shown;
    browser.size(1280, 800);
    browser.open(gateway.console());
    browser.signIn(FakeGateway.TOKEN);
    browser.await("the console to be live", () -> browser.text("#status").startsWith("Live"));
    browser.await("LUNs", () -> browser.there(LUN) || browser.there(".map .empty"));
  }

  @AfterEach
  void stop() throws Exception {
    try {
      assertEquals(List.of(), browser.consoleErrors());
    } finally {
      gateway.close();
    }
  }

  private static String lun(String name) {
    return LUN + "[aria-label^='LUN " + name + ",']";
  }

  @Test
  void theMapShowsEveryPathAndWhatIsWrong() {
    assertEquals(8, browser.count(LUN));
    assertEquals(3, browser.count(".node.gateway"));
    assertEquals(3, browser.count(".node.host"));
    assertEquals(8, browser.count(".wire.state-active-optimized"));
    assertEquals(8, browser.count(".wire.state-active-non-optimized"));
    assertEquals(8, browser.count(".wire.state-unavailable"));
    assertEquals(8, browser.count(".marks .state-unavailable"), "told by a shape as well");
    assertTrue(browser.text("#overview").contains("1 thing is wrong"));
    assertTrue(browser.label(lun("fake-1/0")).contains("gw3 unavailable"));
    browser.shot("map-light");
  }

  @Test
  void aFailureIsSeenAsItHappensAndReplayed() {
    browser.script("window.stays = true");
    assertTrue(browser.label(lun("fake-1/0")).contains("owner gw2"));
    gateway.fail("gw2");
    browser.await(
        "fake-1/0 to be owned by gw1", () -> browser.label(lun("fake-1/0")).contains("owner gw1"));
    browser.await(
        "the paths through gw2 to be gone", () -> browser.count(".wire.state-unavailable") == 16);
    assertTrue(browser.label(".node.gateway[aria-label^='Gateway gw1']").contains("owns 8 LUNs"));
    assertTrue(browser.there(lun("fake-1/0") + ".recent"), "what has changed stands out");
    browser.await("it to be said", () -> browser.text("#spoken").contains("gw2 has failed"));
    assertTrue(browser.text("#events").contains("owned by gw1, was gw2"));
    assertEquals("Why: 1 observation", browser.text("#events summary"));
    browser.shot("failover");
    assertEquals(Boolean.TRUE, browser.script("return window.stays"), "without a reload");

    browser.type("[", "[", "[");
    browser.await("the past", () -> browser.text("#banner").startsWith("This is how it was at"));
    // Before gw2 has failed: back over its event and those of the LUNs that moved.
    for (int i = 0; i < 12 && !browser.label(lun("fake-1/0")).contains("owner gw2"); i++) {
      browser.type("[");
      String shown = browser.text("#timeline output");
      browser.await(
          "that instant to be drawn",
          () -> browser.text("#banner").contains(shown) || browser.text("#banner").isEmpty());
    }
    assertTrue(browser.label(lun("fake-1/0")).contains("owner gw2"));
    assertFalse(browser.find("#create").isEnabled(), "nothing is changed in the past");
    assertTrue(
        Integer.parseInt(
                (String) browser.script("return document.querySelector('.track input').value"))
            < 1000,
        "the slider stands at that instant");
    browser.shot("past");
    assertEquals(List.of(), browser.violations());
    browser.type("p");
    browser.await(
        "the replay to come to the failure again",
        () -> browser.label(lun("fake-1/0")).contains("owner gw1"));
    browser.type("l");
    browser.await("now", () -> browser.text("#status").startsWith("Live"));
    assertTrue(browser.label(lun("fake-1/0")).contains("owner gw1"));
    assertTrue(browser.find("#create").isEnabled());
  }

  @Test
  void theSliderGoesThroughTimeByArrowKeys() {
    browser.tabTo(".track input");
    browser.type(Keys.HOME);
    browser.await("the past", () -> browser.text("#status").startsWith("Past"));
    browser.await("three gateways up", () -> browser.text("#overview").contains("3/3"));
    browser.type(Keys.PAGE_UP, Keys.PAGE_UP);
    browser.await("the failure of gw3", () -> browser.text("#overview").contains("2/3"));
    assertTrue(
        ((String) browser.script("return document.activeElement.getAttribute('aria-valuetext')"))
            .matches("\\d{4}-\\d\\d-\\d\\d .*"));
    browser.type(Keys.END);
    browser.await("now", () -> browser.text("#status").startsWith("Live"));
  }

  @Test
  void everyViewIsAccessibleInBothThemes() {
    for (String theme : List.of("light", "dark")) {
      if (!theme.equals(browser.script("return document.documentElement.dataset.theme"))) {
        browser.find("#theme").click();
      }
      for (String view :
          List.of("map", "matrix", "luns", "targets", "gateways", "hosts", "operations")) {
        browser.script("location.hash = arguments[0]", "#/" + view);
        browser.await(view, () -> browser.there(".tabs a[aria-current][href='#/" + view + "']"));
        assertEquals(List.of(), found(theme), view + ", " + theme);
        browser.shot(view + "-" + theme);
      }
      browser.script("location.hash = '#/gateways'");
      for (String[] chosen :
          new String[][] {
            {"gateways", "gw3"}, {"luns", "fake-1/0"}, {"targets", "fake-1"}, {"hosts", "host1"}
          }) {
        browser.script("location.hash = arguments[0]", "#/" + chosen[0]);
        browser.await(
            chosen[0],
            () ->
                browser.there(".tabs a[aria-current][href='#/" + chosen[0] + "']")
                    && browser.there(".plain .name button"));
        browser.script(
            "[...document.querySelectorAll('.plain .name button')]"
                + ".find(b => b.textContent.includes(arguments[0])).click()",
            chosen[1]);
        browser.await(chosen[1], () -> browser.text("#details-heading").contains(chosen[1]));
        assertEquals(List.of(), found(theme), chosen[1] + ", " + theme);
        browser.shot("details-" + chosen[0] + "-" + theme);
      }
      browser.type(Keys.ESCAPE);
      browser.type("?");
      browser.await("the list of shortcuts", () -> browser.there("dialog[open]"));
      assertEquals(List.of(), found(theme), "help, " + theme);
      browser.type(Keys.ESCAPE);
      browser.await("no dialog", () -> !browser.there("dialog"));
      browser.type("c");
      browser.await("the menu", () -> browser.there(".menu"));
      browser.type(Keys.ENTER);
      browser.await("the form", () -> browser.there("dialog[open]"));
      browser.type(Keys.ENTER);
      browser.await("what is missing", () -> browser.there("dialog [aria-invalid]"));
      assertEquals(List.of(), found(theme), "form, " + theme);
      browser.shot("form-" + theme);
      browser.type(Keys.ESCAPE);
    }
  }

  private static List<String> found(String theme) {
    return theme.equals("light") ? browser.violations() : browser.poorContrast();
  }

  @Test
  void aNarrowPageIsNotWiderThanTheScreen() {
    browser.size(400, 800);
    for (String view : List.of("map", "matrix", "targets")) {
      browser.script("location.hash = arguments[0]", "#/" + view);
      browser.await(view, () -> browser.there(".tabs a[aria-current][href='#/" + view + "']"));
      assertEquals(
          0L,
          browser.script(
              "const e = document.documentElement; return e.scrollWidth - e.clientWidth"),
          view);
      assertEquals(List.of(), browser.violations(), view);
      browser.shot(view + "-narrow");
    }
  }

  @Test
  void aRefusalIsShownAtTheFieldThatItNames() {
    choose("fake-1/0");
    browser.tabTo("[data-action=resize]");
    browser.type(Keys.ENTER);
    browser.await("the form", () -> browser.there("dialog[open]"));
    browser.type("much", Keys.ENTER);
    browser.await("a fault", () -> browser.text("dialog .fault:not([hidden])").contains("10 GiB"));
    browser.chord(Keys.CONTROL, "a");
    browser.type("1 GiB", Keys.ENTER);
    browser.await(
        "what the gateway says",
        () -> browser.text("dialog .fault:not([hidden])").contains("size must be more"));
    assertTrue(browser.focused("dialog input[aria-invalid]"), browser.focus());
    assertEquals("\"7\"", gateway.lastIfMatch);
    browser.type(Keys.ESCAPE);
    browser.await("no dialog", () -> !browser.there("dialog"));
    assertTrue(browser.focused("[data-action=resize]"), browser.focus());
  }

  @Test
  void whatSomebodyElseHasChangedIsSaid() {
    choose("fake-1/0");
    browser.tabTo("[data-action=move]");
    browser.type(Keys.ENTER);
    browser.await("the form", () -> browser.there("dialog[open]"));
    browser.tabTo("dialog [type=submit]");
    browser.type(Keys.ENTER);
    browser.await(
        "the conflict", () -> browser.text("dialog .whole").contains("Somebody else has changed"));
    browser.type(Keys.ESCAPE);
  }

  @Test
  void whatIsDeletedHasToBeNamed() {
    choose("fake-1/0");
    browser.tabTo("[data-action=deleteLun]");
    browser.type(Keys.ENTER);
    browser.await("the form", () -> browser.there("dialog[open]"));
    gateway.lastIfMatch = "nothing was sent";
    // Its hosts are logged in.
    browser.type(" ", Keys.TAB, "fake-1/1", Keys.ENTER);
    browser.await("a fault", () -> browser.text("dialog .fault:not([hidden])").contains("not"));
    assertEquals("nothing was sent", gateway.lastIfMatch);
    browser.chord(Keys.CONTROL, "a");
    browser.type("fake-1/0", Keys.ENTER);
    browser.await(
        "what the gateway says", () -> browser.text("dialog .whole").contains("can't be done now"));
    browser.type(Keys.ESCAPE);
  }

  private void choose(String name) {
    browser.type("/", name);
    browser.await("one LUN", () -> browser.count(LUN) == 1);
    browser.tabTo(".node[tabindex='0']");
    while (!browser.focused(LUN)) {
      browser.type(Keys.ARROW_RIGHT);
    }
    browser.type(Keys.ENTER);
    browser.await(name, () -> browser.text("#details-heading").equals("LUN " + name));
  }

  @Test
  void aGatewayThatIsGoneIsSaidAndComesBackByItself() throws Exception {
    browser.script("window.stays = true");
    gateway.goAway();
    browser.await("the loss", () -> browser.text("#banner").contains("gw1 does not answer"));
    assertEquals(
        "http://10.0.0.2:8080/console/#/map",
        browser.script(
            "return [...document.querySelectorAll('#banner a')].find(a => a.textContent =="
                + " 'gw2').getAttribute('href').replace(/\\/$/, '/#/map')"));
    assertEquals(8, browser.count(LUN), "what was known stays");
    assertEquals(List.of(), browser.violations());
    browser.shot("lost");
    gateway.comeBack();
    browser.await("the console to be live", () -> browser.text("#status").startsWith("Live"));
    assertEquals(Boolean.TRUE, browser.script("return window.stays"));
    assertEquals("", browser.text("#banner"));
    // Connections that were refused are logged by the browser itself.
    browser.forgetErrors("ERR_");
  }

  @Test
  void theTokenIsKeptInTheTabAlone() {
    assertFalse(browser.address().toString().contains(FakeGateway.TOKEN));
    assertEquals("", browser.script("return document.cookie"));
    assertFalse(browser.script("return JSON.stringify(localStorage)").toString().contains("token"));
    browser.find("#sign").click();
    browser.await("to be signed out", () -> browser.there("#token"));
    assertEquals(0L, browser.script("return sessionStorage.length"));
    assertEquals(List.of(), browser.violations());
    browser.shot("sign-in");
    browser.signIn("a wrong one");
    browser.await("a refusal", () -> browser.text("dialog .warning").contains("token"));
    assertEquals(0, browser.count(LUN), "nothing is left of what was known");
    browser.signIn(FakeGateway.TOKEN);
    browser.await("the console to be live", () -> browser.text("#status").startsWith("Live"));
  }

  @Test
  void theMatrixIsQuickWithAThousandLunsThroughSixtyFourGateways() throws Exception {
    gateway.close();
    show(FakeGateway.start(new FakeCluster(64, 10, 100, 0, Instant.now())));
    assertTrue(browser.text(".map").contains("too many to draw"));
    browser.type("g", "x");
    browser.await("the matrix", () -> browser.there(".matrix .line"));
    assertEquals("1001", browser.find(".matrix").getAttribute("aria-rowcount"));
    assertTrue(browser.count(".matrix .line") < 60, "only rows in sight are in the document");
    browser.tabTo(".matrix [tabindex='0']");
    browser.chord(Keys.CONTROL, Keys.END);
    assertTrue(
        browser.label(".matrix :focus").startsWith("fake-10/99 through gw64"), browser.focus());
    browser.type(Keys.PAGE_UP, Keys.ARROW_LEFT);
    assertTrue(browser.label(".matrix :focus").contains("through gw63"), browser.focus());
    browser.shot("matrix-large");
    browser.type(Keys.ENTER);
    browser.await("details", () -> browser.text("#details-heading").startsWith("LUN fake-10/"));
    browser.type("/", "owner:gw7");
    browser.await("the filter", () -> browser.text("#matches").matches("\\d\\d of 1000 LUNs"));
  }
}
