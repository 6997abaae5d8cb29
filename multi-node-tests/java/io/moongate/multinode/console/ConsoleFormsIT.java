package io.moongate.multinode.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.InputStream;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** The console's forms: what they send, and to whom they are offered. */
class ConsoleFormsIT extends OnFakeCluster {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TARGET = "iqn.2026-11.io.moongate:fake-1";

  private FakeParts.Sent sent() {
    browser.await("the request", () -> !gateway.sent.isEmpty());
    browser.await("the end of the form", () -> !browser.there("dialog"));
    assertEquals(1, gateway.sent.size());
    return gateway.sent.get(0);
  }

  private static JsonNode json(String text) throws Exception {
    return JSON.readTree(text.replace('\'', '"'));
  }

  /** Types over what a field has. */
  private static void enter(String field, CharSequence text) {
    WebElement input =
        (WebElement)
            browser.script(
                "return [...document.querySelectorAll('dialog .field')].find(f =>"
                    + " f.querySelector('label').textContent === arguments[0])"
                    + ".querySelector('input, select')",
                field);
    browser.script("arguments[0].focus()", input);
    browser.chord(Keys.CONTROL, "a");
    browser.type(text);
  }

  private static String value(String field) {
    return (String)
        browser.script(
            "return [...document.querySelectorAll('dialog .field')].find(f =>"
                + " f.querySelector('label').textContent === arguments[0])"
                + ".querySelector('input, select').value",
            field);
  }

  private static String faults() {
    return browser.text("dialog .fault:not([hidden]):not(:empty)");
  }

  /** A role that is taken back in the API's document and not here would lead to refusals. */
  @Test
  void tasksNeedTheRolesOfTheApisDocument() throws Exception {
    show("admin");
    JsonNode needs =
        JSON.readTree(
            (String)
                browser.script(
                    "return import('/console/rights.js').then(m => JSON.stringify(m.NEEDS))"));
    String tasks =
        (String)
            browser.script(
                "return import('/console/tasks.js').then(m => Object.keys(m.TASKS).sort().join())");
    TreeSet<String> names = new TreeSet<>();
    needs.fieldNames().forEachRemaining(names::add);
    assertEquals(tasks, String.join(",", names));
    TreeMap<String, String> roles = new TreeMap<>();
    try (InputStream in = getClass().getResourceAsStream("/io/moongate/management/openapi.json")) {
      for (JsonNode path : JSON.readTree(in).get("paths")) {
        for (JsonNode operation : path) {
          if (operation.has("operationId")) {
            roles.put(
                operation.get("operationId").textValue(),
                operation.get("x-required-role").textValue());
          }
        }
      }
    }
    for (JsonNode need : needs) {
      String operation = need.get("operation").textValue();
      assertEquals(roles.get(operation), need.get("role").textValue(), operation);
    }
  }

  @Test
  void whoeverMayOnlyLookIsOfferedNothingElse() {
    show("viewer");
    assertFalse(browser.find("#create").isEnabled());
    assertEquals("Needs the role operator", browser.find("#create").getAttribute("title"));
    browser.type("c");
    assertFalse(browser.there(".menu"));
    choose("luns", "fake-1/0");
    browser.await("the snapshots", () -> browser.there("[data-action='rollback golden']"));
    assertEquals(0L, enabled(), "of the LUN");
    assertTrue(browser.text("#refusals").contains("Needs the role operator: Move, Prefer"));
    assertTrue(browser.text("#refusals").contains("Needs the role admin: Delete, Roll back"));
    assertEquals(List.of(), browser.violations());
    browser.shot("details-viewer");
    choose("targets", "fake-1");
    browser.await("the initiators", () -> browser.text("#details").contains("rack 7"));
    assertEquals(0L, enabled(), "of the target");
    choose("hosts", "host1");
    assertEquals(0L, enabled(), "of the host");
    browser.type("g", "v");
    browser.await("volumes", () -> browser.text("#view").contains("image-005"));
    assertEquals(
        0L,
        browser.script(
            "return document.querySelectorAll('[aria-label]:enabled[data-row^=image]').length"));
    assertTrue(browser.text("#view").contains("Needs the role operator: Make LUN"));
  }

  private static Object enabled() {
    return browser.script(
        "return [...document.querySelectorAll('#details .actions button:enabled')].length");
  }

  @Test
  void anOperatorIsOfferedWhatLosesNoData() {
    show("operator");
    assertTrue(browser.find("#create").isEnabled());
    choose("luns", "fake-1/0");
    browser.await("the snapshots", () -> browser.there("[data-action='rollback golden']"));
    assertTrue(browser.find("[data-action=move]").isEnabled());
    assertTrue(browser.find("[data-action='clone golden']").isEnabled());
    assertFalse(browser.find("[data-action=deleteLun]").isEnabled());
    assertFalse(browser.find("[data-action='rollback golden']").isEnabled());
    assertTrue(browser.text("#refusals").contains("Needs the role admin: Delete, Roll back"));
  }

  @Test
  void whatAnInitiatorSeesIsChanged() throws Exception {
    show("admin");
    gateway.takes = true;
    choose("targets", "fake-1");
    browser.await(
        "the list", () -> browser.text("#details").contains("LUNs 0, 1=2, CHAP as host1"));
    press("initiator " + FakeParts.INITIATOR);
    assertEquals("0, 1=2", value("LUNs that it sees"));
    enter("LUNs that it sees", "0, 0" + Keys.ENTER);
    browser.await("what is wrong", () -> faults().equals("LUN 0 is there twice"));
    enter("LUNs that it sees", "1, 2=1" + Keys.ENTER);
    browser.await("that", () -> faults().equals("LUN 1 of the target is shown twice"));
    enter("LUNs that it sees", "0, seven" + Keys.ENTER);
    browser.await("that", () -> faults().startsWith("seven is no LUN"));
    assertEquals(List.of(), browser.violations());
    assertEquals(List.of(), gateway.sent);
    enter("LUNs that it sees", "3, 0=2" + Keys.ENTER);
    FakeParts.Sent sent = sent();
    assertEquals("PUT", sent.method());
    assertEquals("targets/" + TARGET + "/initiators/" + FakeParts.INITIATOR, sent.path());
    assertEquals("\"7\"", sent.ifMatch());
    assertEquals(
        json(
            "{'chap':{'user':'host1','secret':null},'luns':[{'lun':3,'targetLun':3},{'lun':0,'targetLun':2}],'remark':'rack 7'}"),
        sent.body());
  }

  @Test
  void allLunsAndNoneAreTold() throws Exception {
    show("operator");
    gateway.takes = true;
    choose("targets", "fake-1");
    press("initiator " + FakeParts.INITIATOR);
    enter("LUNs that it sees", Keys.DELETE);
    enter("CHAP user", Keys.DELETE);
    enter("CHAP secret", "a-secret-too-many" + Keys.ENTER);
    browser.await("what is wrong", () -> faults().startsWith("A secret needs the CHAP user"));
    enter("CHAP secret", Keys.DELETE);
    browser.type(Keys.ENTER);
    assertEquals(json("{'chap':null,'luns':null,'remark':'rack 7'}"), sent().body());
    gateway.sent.clear();
    press("allow");
    enter("Initiator", "iqn.a:b");
    enter("LUNs that it sees", "none");
    enter("CHAP user", "u");
    enter("CHAP secret", "0123456789ab" + Keys.ENTER);
    assertEquals(
        json("{'chap':{'user':'u','secret':'0123456789ab'},'luns':[],'remark':null}"),
        sent().body());
  }

  @Test
  void credentialsOfBothSidesAreSetAndCleared() throws Exception {
    show("operator");
    gateway.takes = true;
    choose("targets", "fake-1");
    press("mutualChap");
    assertTrue(browser.text("dialog").contains("moongate.iscsi.chap.algorithms"));
    enter("User", "the-target" + Keys.ENTER);
    browser.await("what is missing", () -> faults().equals("Secret is needed"));
    enter("Secret", "0123456789ab" + Keys.ENTER);
    FakeParts.Sent set = sent();
    assertEquals("targets/" + TARGET + "/mutual-chap", set.path());
    assertEquals(json("{'user':'the-target','secret':'0123456789ab'}"), set.body());
    assertFalse(browser.there("[data-action=clearMutualChap]"), "none is set");
    gateway.sent.clear();
    synchronized (cluster) {
      cluster.targets.get(TARGET).putObject("mutualChap").put("user", "t").put("secret", "set");
      cluster.targets.get(TARGET).putObject("chap").put("user", "c").put("secret", "set");
    }
    gateway.streams.tell("target", cluster.targets.get(TARGET));
    browser.await("it to be known", () -> browser.there("[data-action=clearMutualChap]"));
    press("chap");
    assertEquals("c", value("User"));
    enter("User", "d" + Keys.ENTER);
    assertEquals(json("{'user':'d','secret':null}"), sent().body(), "the secret stays");
    gateway.sent.clear();
    press("clearMutualChap");
    browser.type("fake-1", Keys.ENTER);
    assertEquals("DELETE", sent().method());
    assertEquals("targets/" + TARGET + "/mutual-chap", gateway.sent.get(0).path());
  }

  @Test
  void aSnapshotIsCloned() throws Exception {
    show("operator");
    gateway.takes = true;
    choose("luns", "fake-1/0");
    press("clone before-upgrade");
    assertEquals("4", value("LUN"), "the first that is free");
    browser.shot("form-clone");
    browser.tabTo("dialog [type=submit]");
    browser.type(Keys.ENTER);
    FakeParts.Sent sent = sent();
    assertEquals("POST luns", sent.method() + " " + sent.path());
    String id = cluster.units.keySet().iterator().next();
    assertEquals(
        json(
            "{'target':'"
                + TARGET
                + "','lun':4,'source':{'lun':'"
                + id
                + "','snapshot':'before-upgrade'},'preferred':null,'readOnly':false}"),
        sent.body());
  }

  @Test
  void aSnapshotWithClonesIsNotDeleted() {
    show("admin");
    choose("luns", "fake-1/0");
    browser.await("the snapshots", () -> browser.there("[data-action='deleteSnapshot golden']"));
    assertTrue(browser.find("[data-action='deleteSnapshot before-upgrade']").isEnabled());
    assertFalse(browser.find("[data-action='deleteSnapshot golden']").isEnabled());
    assertTrue(browser.text("#refusals").contains("It has 2 clones: Delete golden"));
  }

  @Test
  void aVolumeThatIsThereBecomesALun() throws Exception {
    show("operator");
    gateway.takes = true;
    browser.type("c", Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ENTER);
    browser.await("volumes", () -> browser.text("#view").contains("image-099"));
    assertTrue(browser.text("#view").contains("no: it has snapshots"));
    assertFalse(browser.text("#view").contains("image-100"), "the first page");
    assertEquals(List.of(), browser.violations());
    browser.shot("volumes");
    browser.script(
        "[...document.querySelectorAll('#view button')].find(b => b.textContent === 'More').click()");
    browser.await("the rest", () -> browser.text("#view").contains("image-129"));
    browser.type("/", "image-12");
    browser.await("the filter", () -> !browser.text("#view").contains("image-005"));
    browser.script("document.querySelector('[data-row=image-128]').focus()");
    browser.type(Keys.ENTER);
    browser.await("the form", () -> browser.there("dialog[open]"));
    assertEquals(List.of(), browser.violations());
    enter("LUN", "9");
    enter("NAA", "12" + Keys.ENTER);
    browser.await("what is wrong", () -> faults().startsWith("16 hexadecimal digits"));
    enter("NAA", "naa.60014053a5cdbc1fb2d4f0bb3a5cdbc1");
    enter("Serial number", "3a5cdbc1" + Keys.ENTER);
    FakeParts.Sent sent = sent();
    assertEquals("POST luns", sent.method() + " " + sent.path());
    assertEquals(
        json(
            "{'target':'"
                + TARGET
                + "','lun':9,'store':'rbd','volume':'image-128','naa':'60014053a5cdbc1fb2d4f0bb3a5cdbc1','serial':'3a5cdbc1','blockSize':512,'preferred':null,'readOnly':false}"),
        sent.body());
  }

  @Test
  void aLunInUseIsDeletedByForceAlone() {
    show("admin");
    gateway.takes = true;
    choose("luns", "fake-1/0");
    press("deleteLun");
    assertTrue(browser.text("dialog .listing").contains("6 sessions are logged in"));
    assertTrue(
        browser.text("dialog .listing").contains("host1 through gw1, from 10.1.0.1:40000"),
        browser.text("dialog .listing"));
    browser.shot("form-force");
    enterConfirmation("fake-1/0");
    browser.await("what is missing", () -> faults().equals("This has to be chosen"));
    assertEquals(List.of(), gateway.sent);
    browser.type(" ");
    enterConfirmation("fake-1/0");
    FakeParts.Sent sent = sent();
    assertEquals("DELETE", sent.method());
    assertTrue(sent.path().matches("luns/[0-9a-f-]{36}\\?force=true"), sent.path());
    assertEquals("\"7\"", sent.ifMatch());
  }

  private void map(int lun, String id) {
    synchronized (cluster) {
      ((ObjectNode) cluster.targets.get(TARGET).get("luns").get(lun)).put("id", id);
    }
  }

  /** Somebody else may have put another LUN there while the form was open. */
  @Test
  void onlyTheLunThatIsNamedIsUnmapped() {
    show("admin");
    gateway.takes = true;
    List<String> ids = List.copyOf(cluster.units.keySet());
    choose("luns", "fake-1/0");
    press("unmap");
    map(0, ids.get(1));
    enterConfirmation("fake-1/0");
    browser.await("the refusal", () -> faults().equals("It is not LUN 0 of fake-1 any more"));
    assertEquals(List.of(), gateway.sent);
    map(0, ids.get(0));
    enterConfirmation("fake-1/0");
    FakeParts.Sent sent = sent();
    assertEquals("DELETE targets/" + TARGET + "/luns/0", sent.method() + " " + sent.path());
    assertEquals("\"7\"", sent.ifMatch());
  }

  private static void enterConfirmation(String name) {
    browser.tabTo("dialog input[type=text]");
    browser.chord(Keys.CONTROL, "a");
    browser.type(name, Keys.ENTER);
  }

  @Test
  void onlyAGatewayThatIsNotUpIsRemovedForGood() {
    show("admin");
    gateway.takes = true;
    choose("gateways", "gw1");
    assertFalse(browser.find("[data-action=removeGateway]").isEnabled());
    assertTrue(browser.text("#refusals").contains("It is up: Remove for good"));
    choose("gateways", "gw3");
    press("removeGateway");
    browser.type("gw1", Keys.ENTER);
    browser.await("what is wrong", () -> faults().equals("This is not gw3"));
    enterConfirmation("gw3");
    assertEquals("gateways/gw3", sent().path());
  }

  @Test
  void aSessionIsClosed() {
    show("operator");
    gateway.takes = true;
    choose("hosts", "host2");
    press("closeSession s2-1");
    browser.type("01:host2", Keys.ENTER);
    assertEquals("DELETE sessions/s2-1", sent().method() + " " + gateway.sent.get(0).path());
  }
}
