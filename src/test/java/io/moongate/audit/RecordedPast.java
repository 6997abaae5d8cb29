package io.moongate.audit;

import com.datastax.oss.driver.api.core.AllNodesFailedException;
import io.moongate.cluster.target.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A past for tests of what tells of it: a target with a unit that changes its owner each second.
 */
public final class RecordedPast implements AutoCloseable {
  /** When it begins; the unit is mapped one second later. */
  public static final Instant BEGIN = AuditFixture.BEGIN;

  /** The target. */
  public static final String TARGET = "iqn.2026-11.io.moongate:past";

  /** The unit, under LUN 4. */
  public static final String UNIT = "9e0e7ad4-0b7e-4dd5-9d9c-6ccf0a6e6f50";

  /** How often it got an owner. */
  public static final int OWNERS = 30;

  private final AuditFixture fixture = new AuditFixture();
  private volatile boolean away;

  /** Makes it. */
  public RecordedPast() {
    fixture.unitWithOwners(UNIT, OWNERS);
    HistoryWriter target =
        new HistoryWriter(
            fixture.serialization, EntityKind.TARGET.persistenceId(TARGET), fixture.journal::add);
    target.write(new Target.Created(TARGET, List.of(), BEGIN, false), AuditFixture.OPERATOR);
    target.write(new Target.LunMapped(4, UNIT, AuditFixture.second(1)), AuditFixture.OPERATOR);
  }

  /** As a gateway asks it. */
  public AuditLog log() {
    return new AuditLog(
        new AuditSettings("none", 2, Duration.ofSeconds(20)), this::journal, fixture.serialization);
  }

  private CompletionStage<Journal> journal() {
    return away
        ? CompletableFuture.failedStage(AllNodesFailedException.fromErrors(Map.of()))
        : CompletableFuture.completedStage(fixture.journal);
  }

  /** Cassandra can't be reached, or can again. */
  public void away(boolean now) {
    away = now;
  }

  /** Takes a row out of the unit's history. */
  public void damage() {
    List<JournalRow> rows = fixture.journal.of(AuditFixture.unit(UNIT));
    rows.remove(6);
  }

  @Override
  public void close() {
    fixture.close();
  }
}
