package io.moongate;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What each package may use: the table of {@code docs/ARCHITECTURE.md}. */
class ArchitectureTest {
  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.moongate");

  private static final String SCALA = "scala..";
  private static final String LOG = "org.slf4j..";
  private static final String SETTINGS = "com.typesafe.config..";
  private static final String JACKSON = "com.fasterxml.jackson..";
  private static final String ACTORS = "org.apache.pekko.actor..";
  private static final String STREAMS = "org.apache.pekko.stream..";

  /** What everything of Pekko brings along in its signatures. */
  private static final String[] PEKKO = {
    "org.apache.pekko", "org.apache.pekko.japi..", "org.apache.pekko.util..", SCALA
  };

  static final ArchRule SECURITY = only("security", SETTINGS, LOG);

  /** What everybody may count and time with. */
  private static final String MEASURE = "io.moongate.measure..";

  static final ArchRule MEASURES = only("measure");

  static final ArchRule WIRE = only("wire", "org.apache.pekko.util..", "scala..");

  static final ArchRule VOLUME =
      only("volume", SETTINGS, "com.sun.jna..", "com.sun.management..", JACKSON, LOG);

  static final ArchRule SCSI = only("scsi", "io.moongate.volume", MEASURE, SETTINGS, LOG);

  static final ArchRule SESSION =
      only(
          "session",
          pekko(
              "io.moongate.transport..",
              "io.moongate.wire..",
              "io.moongate.scsi..",
              MEASURE,
              SETTINGS,
              LOG,
              ACTORS,
              STREAMS));

  static final ArchRule TRANSPORT =
      only("transport", pekko(SETTINGS, LOG, ACTORS, STREAMS, "org.apache.pekko.dispatch.."));

  static final ArchRule RELAY =
      only(
          "relay",
          pekko(
              "io.moongate.transport..",
              "io.moongate.scsi..",
              "io.moongate.volume",
              "io.moongate.security..",
              MEASURE,
              SETTINGS,
              LOG,
              ACTORS,
              STREAMS));

  static final ArchRule FAILURE = only("failure");

  static final ArchRule LINK = only("link", "com.sun.jna..");

  static final ArchRule CLUSTER =
      only(
          "cluster",
          pekko(
              "io.moongate.security..",
              "io.moongate.failure..",
              "io.moongate.scsi.alua..",
              "io.moongate.scsi.reservation..",
              "io.moongate.scsi.shared..",
              // A nexus is what registrations and unit attentions are about.
              "io.moongate.scsi",
              "io.moongate.scsi.sense..",
              // How a change of what is shared fails.
              "io.moongate.scsi.task..",
              MEASURE,
              SETTINGS,
              LOG,
              JACKSON,
              ACTORS,
              STREAMS,
              "org.apache.pekko.cluster..",
              "org.apache.pekko.event..",
              "org.apache.pekko.pattern..",
              "org.apache.pekko.persistence..",
              // What an event's digest is of.
              "org.apache.pekko.serialization..",
              "org.apache.pekko.remote..",
              "org.apache.pekko.discovery..",
              "org.apache.pekko.management.cluster.bootstrap..",
              "com.datastax.oss..",
              // `moongate schema` is a command of its own.
              "picocli.."));

  static final ArchRule MANAGEMENT =
      only(
          "management",
          pekko(
              "io.moongate.audit..",
              "io.moongate.cluster..",
              "io.moongate.failure..",
              // Names of logical units, and the state that their entries have.
              "io.moongate.scsi",
              "io.moongate.scsi.shared..",
              "io.moongate.security..",
              MEASURE,
              SETTINGS,
              LOG,
              JACKSON,
              ACTORS,
              STREAMS,
              "org.apache.pekko.event..",
              "org.apache.pekko.pattern..",
              "org.apache.pekko.http.."));

  static final ArchRule AUDIT =
      only(
          "audit",
          pekko(
              "io.moongate.cluster..",
              "io.moongate.failure..",
              // The name of a logical unit that hosts know it by.
              "io.moongate.scsi",
              SETTINGS,
              LOG,
              JACKSON,
              ACTORS,
              STREAMS,
              "org.apache.pekko.persistence..",
              "org.apache.pekko.serialization..",
              "com.datastax.oss..",
              // `moongate audit verify|heads|export` read Cassandra and not a gateway.
              "picocli.."));

  /** Nothing else knows by whom metrics are shown. */
  static final ArchRule METRICS =
      only(
          "metrics",
          MEASURE,
          SETTINGS,
          LOG,
          "ch.qos.logback..",
          "io.micrometer..",
          "io.prometheus.metrics..");

  static final ArchRule ONLY_METRICS_KNOWS_MICROMETER =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.moongate.metrics..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.micrometer..", "io.prometheus..");

  static final ArchRule CLI =
      only(
          "cli",
          "io.moongate.management.api..",
          "io.moongate.security..",
          JACKSON,
          "picocli..",
          // What a load generator measures latencies with.
          "org.HdrHistogram..");

  static final ArchRule DOCTOR =
      only(
          "doctor",
          "io.moongate.cli",
          "io.moongate.cli.probe..",
          "io.moongate.management.api..",
          "io.moongate.cluster.schema..",
          "io.moongate.volume..",
          SETTINGS,
          "com.sun.jna..",
          "com.datastax.oss..");

  static final ArchRule API_DTOS_STAND_ALONE = only("management.api", JACKSON);

  @Test
  void sessionAndClusterDoNotKnowOneAnother() {
    noClasses()
        .that()
        .resideInAPackage("io.moongate.session..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.moongate.cluster..")
        .allowEmptyShould(true)
        .check(ALL);
    noClasses()
        .that()
        .resideInAPackage("io.moongate.cluster..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.moongate.session..")
        .allowEmptyShould(true)
        .check(ALL);
  }

  static final ArchRule ENTITIES_ARE_TYPED =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("org.apache.pekko.actor.AbstractActor")
          .because("Pekko typed only")
          .allowEmptyShould(true);

  /** The core's stores know nothing of each other: what they share is in {@code volume}. */
  static final ArchRule STORES_STAND_ALONE =
      noClasses()
          .that()
          .resideInAPackage("io.moongate.volume.file..")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("io.moongate.volume.memory..", "io.moongate.volume.rbd.."))
          .allowEmptyShould(true);

  static final ArchRule RBD_STANDS_ALONE =
      noClasses()
          .that()
          .resideInAPackage("io.moongate.volume.rbd..")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("io.moongate.volume.memory..", "io.moongate.volume.file.."));

  /** Each of the rules above. */
  @TestFactory
  Stream<DynamicTest> everyRuleHolds() {
    List<Field> rules =
        Arrays.stream(ArchitectureTest.class.getDeclaredFields())
            .filter(field -> field.getType() == ArchRule.class)
            .toList();
    assertTrue(rules.size() >= 20, rules.toString());
    return rules.stream()
        .map(
            field ->
                DynamicTest.dynamicTest(
                    field.getName(), () -> ((ArchRule) field.get(null)).check(ALL)));
  }

  private static String[] pekko(String... more) {
    List<String> all = new ArrayList<>(List.of(PEKKO));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private static ArchRule only(String name, String... others) {
    List<String> allowed = new ArrayList<>(List.of(others));
    allowed.add("java..");
    allowed.add("javax..");
    allowed.add(""); // primitive arrays
    allowed.add("io.moongate." + name + "..");
    return classes()
        .that()
        .resideInAPackage("io.moongate." + name + "..")
        .should()
        .onlyDependOnClassesThat(resideInAnyPackage(allowed.toArray(String[]::new)))
        .because("the package's row in docs/ARCHITECTURE.md says so")
        .allowEmptyShould(true);
  }
}
