package io.moongate.cli.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cli.status.Finding.Level;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.Evidence;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Operation;
import io.moongate.management.api.Path;
import io.moongate.management.api.Sessions;
import io.moongate.management.api.Store;
import io.moongate.management.api.Target;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Each thing that can be wrong with a cluster is found, and a well one has no findings. */
class DiagnosisTest {
  private static final Instant NOW = Instant.parse("2026-11-01T12:00:00Z");
  private static final Instant SINCE = Instant.parse("2026-11-01T10:00:00Z");
  private static final String IQN = "iqn.2026-11.io.moongate:demo";

  private final List<Gateway> gateways =
      new ArrayList<>(List.of(gateway("gw1"), gateway("gw2"), gateway("gw3")));
  private final List<LogicalUnit> units =
      new ArrayList<>(List.of(unit(0, "gw1", "serving"), unit(1, "gw2", "serving")));
  private final List<Operation> operations = new ArrayList<>();
  private final Map<String, Answer> answers = new HashMap<>();
  private final List<String> silent = new ArrayList<>();
  private List<Path> paths;

  private static Gateway gateway(String name) {
    return gateway(name, "up", "in-service", "0.1.0", List.of());
  }

  private static Gateway gateway(
      String name, String state, String service, String version, List<Evidence> observations) {
    return record(
        Gateway.class,
        "name",
        name,
        "state",
        state,
        "portals",
        List.of(name + ":3260"),
        "version",
        version,
        "since",
        SINCE,
        "cause",
        "a cause",
        "api",
        "http://" + name + ":8080",
        "service",
        service,
        "serviceCause",
        service.equals("in-service") ? null : "new disks",
        "observations",
        observations);
  }

  private static LogicalUnit unit(int lun, String owner, String phase) {
    return unit(lun, owner, phase, List.of(), List.of());
  }

  private static LogicalUnit unit(
      int lun, String owner, String phase, List<String> preferred, List<String> refusedBy) {
    return record(
        LogicalUnit.class,
        "id",
        "unit-" + lun,
        "target",
        IQN,
        "lun",
        lun,
        "preferred",
        preferred,
        "owner",
        owner,
        "epoch",
        7,
        "phase",
        phase,
        "refusedBy",
        refusedBy);
  }

  private static Path path(int lun, String gateway, String state, String owner) {
    return record(
        Path.class,
        "lun",
        lun,
        "target",
        IQN,
        "id",
        "unit-" + lun,
        "gateway",
        gateway,
        "state",
        state,
        "owner",
        owner,
        "epoch",
        7);
  }

  private static Operation operation(String kind, String unit, String from, String to) {
    return record(
        Operation.class,
        "id",
        "unit-" + unit,
        "kind",
        kind,
        "gateway",
        to,
        "from",
        from,
        "unit",
        unit,
        "since",
        SINCE,
        "cause",
        "why it is so",
        "cancellable",
        kind.equals("move"));
  }

  /** A record of the API, by the names and values of those of its fields that matter here. */
  private static <T> T record(Class<T> type, Object... namesAndValues) {
    Map<String, Object> fields = new HashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return ApiJson.mapper().convertValue(fields, type);
  }

  private Look look() {
    List<Target.Mapping> luns = new ArrayList<>();
    units.forEach(unit -> luns.add(new Target.Mapping(unit.lun(), unit.id())));
    Target target =
        record(
            Target.class,
            "name",
            IQN,
            "gateways",
            gateways.stream().map(Gateway::name).toList(),
            "luns",
            luns);
    return new Look(
        NOW,
        "http://gw1:8080",
        silent,
        gateways,
        List.of(target),
        units,
        Optional.ofNullable(paths),
        operations,
        record(Sessions.class, "sessions", List.of(), "silent", List.of()),
        answers);
  }

  private void wellPaths() {
    paths = new ArrayList<>();
    for (LogicalUnit unit : units) {
      for (Gateway gateway : gateways) {
        boolean owner = gateway.name().equals(unit.owner());
        paths.add(
            path(
                unit.lun(),
                gateway.name(),
                owner ? "active-optimized" : "active-non-optimized",
                unit.owner()));
      }
    }
  }

  private Finding only(Level level) {
    List<Finding> findings = Diagnosis.of(look());
    assertEquals(1, findings.size(), findings::toString);
    assertEquals(level, findings.get(0).level());
    assertTrue(!findings.get(0).advice().isBlank());
    return findings.get(0);
  }

  private static void says(Finding finding, String words) {
    assertTrue(finding.what().contains(words), finding::what);
  }

  @Test
  void nothingIsWrongWithAClusterThatIsWell() {
    wellPaths();
    for (String name : List.of("gw1", "gw2", "gw3")) {
      answers.put(
          name,
          new Answer(
              Answer.Kind.ANSWERS,
              "",
              "up",
              List.of(new Answer.Check("cassandra", "up", null)),
              List.of(new Store("file", "well", 1L << 40, List.of()))));
    }
    assertEquals(List.of(), Diagnosis.of(look()));
  }

  @Test
  void aFailedGatewayIsWrongAndAStoppedOneAWarning() {
    gateways.set(2, gateway("gw3", "failed", "in-service", "0.1.0", List.of()));
    says(only(Level.WRONG), "gateway gw3 is failed since 2026-11-01T10:00:00Z: a cause");
    gateways.set(2, gateway("gw3", "stopped", "in-service", "0.1.0", List.of()));
    says(only(Level.WARNING), "gateway gw3 is stopped");
  }

  @Test
  void aGatewayOutOfServiceIsAWarningWithItsCause() {
    gateways.set(2, gateway("gw3", "up", "drained", "0.1.0", List.of()));
    Finding found = only(Level.WARNING);
    says(found, "gateway gw3 is drained: new disks");
    assertTrue(found.advice().contains("moongate gateway undrain gw3"), found::advice);
  }

  @Test
  void aFailingPartIsToldOnceHoweverManySeeIt() {
    List<Evidence> seen = new ArrayList<>();
    for (String observer : List.of("gw1", "gw2")) {
      seen.add(
          new Evidence(
              observer, "gw3", "i", "10.0.0.3:3260", "portal-unreachable", SINCE, "timed out"));
    }
    seen.add(new Evidence("gw1", "gw3", "i", "10.0.0.4:3260", "portal-well", SINCE, "back"));
    gateways.set(2, gateway("gw3", "up", "in-service", "0.1.0", seen));
    says(only(Level.WRONG), "10.0.0.3:3260: portal-unreachable, seen by gw1, gw2");
  }

  @Test
  void unitsThatWaitAreToldByTheirCause() {
    units.set(0, unit(0, null, "unowned"));
    operations.add(operation("wait", "unit-0", null, null));
    says(only(Level.WRONG), "waiting for an owner: logical unit " + IQN + "/0: why it is so");
  }

  @Test
  void unitsOfNobodyThatIsUpAreWrong() {
    gateways.set(1, gateway("gw2", "failed", "in-service", "0.1.0", List.of()));
    List<Finding> findings = Diagnosis.of(look());
    assertEquals(2, findings.size(), findings::toString);
    says(findings.get(1), "nobody that is up owns logical unit " + IQN + "/1");
  }

  @Test
  void manyUnitsAreOneLine() {
    units.clear();
    for (int lun = 0; lun < 500; lun++) {
      units.add(unit(lun, "gw1", "serving", List.of("gw2"), List.of()));
    }
    says(only(Level.WARNING), "not on gw2, which is preferred and in service: 500 logical units, ");
  }

  @Test
  void aPreferenceThatCanNotBeMetIsNotAFault() {
    units.set(0, unit(0, "gw1", "serving", List.of("gw3", "gw1"), List.of()));
    gateways.set(2, gateway("gw3", "up", "drained", "0.1.0", List.of()));
    says(only(Level.WARNING), "gw3 is drained");
  }

  @Test
  void anOpeningThatTakesLongIsAWarning() {
    operations.add(operation("open", "unit-0", null, "gw1"));
    says(only(Level.WARNING), "open of " + IQN + "/0 is under way since");
  }

  @Test
  void whoCouldNotOpenAUnitIsNamed() {
    units.set(0, unit(0, "gw1", "serving", List.of(), List.of("gw2", "gw3")));
    says(only(Level.WARNING), "gw2, gw3 could not open logical unit");
  }

  @Test
  void aPathThatIsNotAsItShouldBeIsWrong() {
    wellPaths();
    paths.set(0, path(0, "gw1", "active-non-optimized", "gw1"));
    says(
        only(Level.WRONG),
        "active-non-optimized instead of active-optimized through gw1: " + IQN + "/0");
  }

  @Test
  void storesThatFillAndGatewaysThatAreSilent() {
    answers.put(
        "gw1",
        new Answer(
            Answer.Kind.ANSWERS,
            "",
            "up",
            List.of(),
            List.of(new Store("rbd", "full", 0L, List.of()))));
    says(only(Level.WRONG), "store rbd full, says gw1");
    answers.clear();
    answers.put("gw2", Answer.without(Answer.Kind.SILENT, "connection refused"));
    says(only(Level.WARNING), "the HTTP API of gateway gw2 does not answer: connection refused");
    answers.clear();
    answers.put("gw2", Answer.without(Answer.Kind.ELSEWHERE, ""));
    assertEquals(List.of(), Diagnosis.of(look()));
    silent.add("http://gw9:8080: unknown host");
    says(only(Level.WARNING), "asked in vain: http://gw9:8080: unknown host");
  }

  @Test
  void aGatewaysOwnWordCounts() {
    answers.put(
        "gw1",
        new Answer(
            Answer.Kind.ANSWERS,
            "",
            "down",
            List.of(new Answer.Check("cassandra", "down", "no node answers")),
            List.of()));
    says(only(Level.WRONG), "gateway gw1, cassandra: down, no node answers");
    answers.put("gw1", new Answer(Answer.Kind.ANSWERS, "", "degraded", List.of(), List.of()));
    says(only(Level.WARNING), "gateway gw1 says of itself: degraded");
  }

  @Test
  void versionsThatDifferAndATargetWithOneGateway() {
    gateways.set(1, gateway("gw2", "up", "in-service", "0.2.0", List.of()));
    says(only(Level.WARNING), "differ in version: 0.1.0 on gw1, gw3; 0.2.0 on gw2");
    gateways.subList(1, 3).clear();
    units.remove(1);
    says(only(Level.WARNING), "only one gateway that is up exports " + IQN);
  }

  @Test
  void whatIsWrongComesBeforeWarnings() {
    gateways.set(1, gateway("gw2", "up", "drained", "0.1.0", List.of()));
    gateways.set(2, gateway("gw3", "failed", "in-service", "0.1.0", List.of()));
    List<Finding> findings = Diagnosis.of(look());
    assertEquals(Level.WRONG, findings.get(0).level());
    assertEquals(Level.WARNING, findings.get(findings.size() - 1).level());
  }
}
