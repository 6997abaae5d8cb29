package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.moongate.cluster.access.ChapSecrets;
import io.moongate.cluster.access.ChapSecrets.Purpose;
import io.moongate.cluster.access.KeyFiles;
import io.moongate.cluster.view.ChapEntry;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.InitiatorEntry;
import io.moongate.cluster.view.TargetAccess;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.scsi.Admission;
import io.moongate.scsi.Admission.Credentials;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.LogicalUnitNumber;
import io.moongate.scsi.TargetDevice;
import io.moongate.scsi.TargetDirectory;
import io.moongate.scsi.UnitIdentity;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What an initiator is told of, may log in to, and sees. */
class ExportedTargetsTest {
  private static final String TARGET = "iqn.2026-11.io.moongate:t";
  private static final String A = "iqn.2026-11.example:a";
  private static final String B = "iqn.2026-11.example:b";
  private static final String SECRET = "secret of the initiator";
  private static final String OWN = "secret of the target";
  private static final Admission DISCOVERY =
      new Admission(
          true,
          Optional.of(new Credentials("d", "discovery secret")),
          Optional.empty(),
          Optional.empty());

  @TempDir Path directory;
  private final View view = new View();
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger(ExportedTargets.class);
  private ChapSecrets secrets;
  private ExportedTargets targets;
  private long version;

  @BeforeEach
  void attach() throws Exception {
    logged.start();
    logger.addAppender(logged);
    secrets = new ChapSecrets(Optional.of(KeyFiles.make(directory.resolve("key"))));
    targets = targets(secrets);
    view.apply(Entries.up("gw1", 1));
    for (String id : List.of("u0", "u1", "u2")) {
      view.apply(Entries.unit(id, 1, UnitEntry.Phase.SERVING, 1, "gw1"));
    }
  }

  @AfterEach
  void detach() {
    logger.detachAppender(logged);
  }

  private ExportedTargets targets(ChapSecrets with) {
    ExportedUnits units =
        new ExportedUnits(
            new Volumes(List.of()),
            owner -> null,
            (identity, geometry, alua) -> unit(identity),
            (unit, group, cause) ->
                java.util.concurrent.CompletableFuture.failedStage(
                    new IllegalStateException("nothing is moved")));
    return new ExportedTargets(view, "gw1", units, with, DISCOVERY);
  }

  /** A unit that tells which it is and does nothing else. */
  private static LogicalUnit unit(UnitIdentity identity) {
    return (LogicalUnit)
        Proxy.newProxyInstance(
            LogicalUnit.class.getClassLoader(),
            new Class<?>[] {LogicalUnit.class},
            (proxy, method, arguments) -> {
              return method.getName().equals("identity") ? identity : null;
            });
  }

  private void apply(TargetAccess access) {
    apply(access, Map.of(0, "u0", 1, "u1", 300, "u2"));
  }

  private void apply(TargetAccess access, Map<Integer, String> luns) {
    view.apply(new TargetEntry(TARGET, ++version, List.of(), luns, false, Entries.NOW, access));
  }

  private static InitiatorEntry plain() {
    return new InitiatorEntry(Optional.empty(), Optional.empty(), Optional.empty());
  }

  private static InitiatorEntry masked(Map<Integer, Integer> mask) {
    return new InitiatorEntry(Optional.empty(), Optional.of(mask), Optional.empty());
  }

  @Test
  void whetherATargetOffersExplicitAluaIsSeenAtOnce() {
    apply(TargetAccess.OPEN);
    TargetDevice device = device("iqn.2026-01.io.host:any");
    assertFalse(device.explicitAlua());
    long generation = device.generation();
    long inventory = device.inventory();
    view.apply(
        new TargetEntry(
            TARGET,
            ++version,
            List.of(),
            Map.of(0, "u0", 1, "u1", 300, "u2"),
            false,
            Entries.NOW,
            TargetAccess.OPEN,
            true));
    assertTrue(device.explicitAlua());
    assertTrue(device.generation() != generation, "sessions are to look again");
    assertEquals(inventory, device.inventory());
  }

  private TargetDevice device(String initiator) {
    return targets.target(TARGET, initiator).orElseThrow();
  }

  private static List<Integer> numbers(TargetDevice device) {
    return device.luns().stream().map(LogicalUnitNumber::number).toList();
  }

  private static Optional<UnitIdentity> at(TargetDevice device, int lun) {
    return device.unit(LogicalUnitNumber.lun(lun)).map(LogicalUnit::identity);
  }

  @Test
  void whoIsNotMaskedSeesTheTargetsOwnLuns() {
    apply(TargetAccess.OPEN.with(B, plain()));
    assertEquals(List.of(0, 1, 300), numbers(device(A)));
    assertEquals(List.of(0, 1, 300), numbers(device(B)));
    assertTrue(at(device(A), 300).isPresent());
    assertFalse(at(device(A), 2).isPresent());
  }

  @Test
  void aMaskRenumbersAndHides() {
    apply(TargetAccess.OPEN.with(A, masked(Map.of(0, 300, 7, 0))));
    TargetDevice device = device(A);
    assertEquals(List.of(0, 7), numbers(device));
    assertEquals(at(device(B), 300), at(device, 0));
    assertEquals(at(device(B), 0), at(device, 7));
    assertFalse(at(device, 1).isPresent());
    assertFalse(at(device, 300).isPresent());
    assertFalse(device.unit(0xC101_0000_0000_0000L).isPresent(), "no such number");
  }

  @Test
  void aSessionSeesItsMaskChange() {
    apply(TargetAccess.OPEN);
    TargetDevice device = device(A);
    assertEquals(List.of(0, 1, 300), numbers(device));
    apply(TargetAccess.OPEN.with(A, masked(Map.of(0, 1))));
    assertEquals(List.of(0), numbers(device));
    assertEquals(at(device(B), 1), at(device, 0));
    apply(TargetAccess.OPEN.with(A, masked(Map.of(0, 1))), Map.of(0, "u0"));
    assertEquals(List.of(), numbers(device), "what the target does not map is not seen");
    apply(TargetAccess.OPEN.with(TargetAccess.Mode.LISTED));
    assertEquals(List.of(), numbers(device), "removed: nothing, until its session is closed");
    assertFalse(at(device, 0).isPresent());
  }

  @Test
  void whoMayNotLogInIsNotToldAndNotAdmitted() {
    apply(TargetAccess.OPEN.with(TargetAccess.Mode.LISTED).with(A, plain()));
    assertEquals(
        List.of(TARGET),
        targets.entries(A).stream().map(TargetDirectory.Entry::targetName).toList());
    assertEquals(List.of(), targets.entries(B));
    assertEquals(Admission.OPEN, targets.admission(Optional.of(TARGET), A));
    assertEquals(Admission.REFUSED, targets.admission(Optional.of(TARGET), B));
    assertEquals(Admission.REFUSED, targets.admission(Optional.of("iqn.2026-11.x:none"), A));
    assertEquals(DISCOVERY, targets.admission(Optional.empty(), B));
  }

  private Optional<ChapEntry> sealed(Purpose purpose, String user, String secret) throws Exception {
    return Optional.of(new ChapEntry(user, secrets.seal(purpose, secret)));
  }

  @Test
  void credentialsAreTheInitiatorsOwnOrTheTargets() throws Exception {
    Optional<ChapEntry> ofA = sealed(Purpose.initiator(TARGET, A), "a", SECRET);
    apply(
        TargetAccess.OPEN
            .with(A, new InitiatorEntry(ofA, Optional.empty(), Optional.empty()))
            .withChap(sealed(Purpose.everyInitiator(TARGET), "all", SECRET + "!"))
            .withMutualChap(sealed(Purpose.target(TARGET), "me", OWN)));
    Admission a = targets.admission(Optional.of(TARGET), A);
    assertEquals(Optional.of(new Credentials("a", SECRET)), a.initiator());
    assertEquals(Optional.of(new Credentials("me", OWN)), a.target());
    Admission b = targets.admission(Optional.of(TARGET), B);
    assertTrue(b.allowed());
    assertEquals(Optional.of(new Credentials("all", SECRET + "!")), b.initiator());
    assertTrue(logged.list.isEmpty());
  }

  private void complainsOnceWithoutTheSecret(String initiator, String reason) {
    for (int i = 0; i < 3; i++) {
      assertEquals(Admission.REFUSED, targets.admission(Optional.of(TARGET), initiator));
    }
    assertEquals(1, logged.list.size());
    assertEquals(Level.ERROR, logged.list.get(0).getLevel());
    String line = logged.list.get(0).getFormattedMessage();
    assertTrue(line.contains("target=" + TARGET), line);
    assertTrue(line.contains("initiator=" + initiator), line);
    assertTrue(line.contains(reason), line);
    assertFalse(line.contains(SECRET) || line.contains(OWN), line);
    logged.list.clear();
  }

  @Test
  void aSecretUnderAnotherKeyRefusesTheLogin() throws Exception {
    apply(TargetAccess.OPEN.withChap(sealed(Purpose.everyInitiator(TARGET), "all", SECRET)));
    Path other = KeyFiles.make(directory.resolve("other"));
    targets = targets(new ChapSecrets(Optional.of(other)));
    complainsOnceWithoutTheSecret(A, other.toString());
    apply(
        TargetAccess.OPEN
            .withChap(sealed(Purpose.everyInitiator(TARGET), "all", SECRET))
            .withMutualChap(Optional.of(new ChapEntry("me", "1:xx"))));
    targets = targets(secrets);
    complainsOnceWithoutTheSecret(A, "it is cut off");
    targets = targets(new ChapSecrets(Optional.empty()));
    complainsOnceWithoutTheSecret(B, "moongate.iscsi.chap.key-file is not set");
  }

  @Test
  void aSecretOfAnotherTargetOrInitiatorRefusesTheLogin() throws Exception {
    apply(TargetAccess.OPEN.withChap(sealed(Purpose.everyInitiator(TARGET + "2"), "all", SECRET)));
    complainsOnceWithoutTheSecret(A, "tampered");
    Optional<ChapEntry> ofB = sealed(Purpose.initiator(TARGET, B), "b", SECRET);
    apply(TargetAccess.OPEN.with(A, new InitiatorEntry(ofB, Optional.empty(), Optional.empty())));
    complainsOnceWithoutTheSecret(A, "tampered");
  }

  @Test
  void theSameSecretAtBothEndsRefusesTheLogin() throws Exception {
    apply(
        TargetAccess.OPEN
            .withChap(sealed(Purpose.everyInitiator(TARGET), "all", SECRET))
            .withMutualChap(sealed(Purpose.target(TARGET), "me", SECRET)));
    complainsOnceWithoutTheSecret(A, "both ends have the same secret");
  }
}
