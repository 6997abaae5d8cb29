package io.moongate.management;

import io.moongate.cluster.Answer;
import io.moongate.cluster.ClusterStanding;
import io.moongate.cluster.Expected;
import io.moongate.cluster.Metadata;
import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.Origin;
import io.moongate.cluster.SessionId;
import io.moongate.cluster.VolumeStores;
import io.moongate.cluster.access.AccessLists;
import io.moongate.cluster.access.ChapSecrets;
import io.moongate.cluster.access.SealedAccessLists;
import io.moongate.cluster.gateway.Maintenance;
import io.moongate.cluster.ownership.WaitingUnits;
import io.moongate.cluster.snapshot.Snapshots;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.cluster.view.TargetAccess;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.cluster.view.ViewChanges;
import io.moongate.cluster.view.ViewEntry;
import io.moongate.failure.Observation;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * A metadata cluster in one map: three gateways, of which gw3 has failed, and the rules that the
 * entities keep. What it is asked can be made to end as a test wants it.
 */
public final class FakeMetadata implements Metadata {
  public volatile List<Observation> observations = List.of();
  public final Map<String, Double> loads = new ConcurrentHashMap<>();

  public static final Instant SINCE = Instant.parse("2026-11-01T10:20:30Z");

  /** A target to which sessions are logged in. */
  public static final String IN_USE = "iqn.2026-11.io.moongate:in-use";

  /** What is asked of the snapshots of units. */
  public final FakeSnapshots snapshots = new FakeSnapshots();

  /** Who has asked for the last change. */
  public volatile Origin lastOrigin;

  /** How many changes of the view are kept. */
  static final int CHANGES_KEPT = 100;

  private final ViewChanges changes = new ViewChanges(CHANGES_KEPT);
  private View view = new View();
  private ChapSecrets secrets = new ChapSecrets(Optional.empty());
  private CompletableFuture<?> next;
  private RuntimeException thrown;
  private List<String> preferredOfLast = List.of();
  private String causeOfLastMove = "";

  public FakeMetadata() {
    reset();
  }

  /** Back to three gateways and nothing else. */
  public synchronized void reset() {
    view = new View();
    secrets = new ChapSecrets(Optional.empty());
    next = null;
    thrown = null;
    snapshots.reset();
    gateway("gw1", 1, GatewayEntry.State.UP, new PortalAddress("127.0.0.1", 3260));
    gateway(
        "gw2",
        2,
        GatewayEntry.State.UP,
        new PortalAddress("127.0.0.2", 3260),
        new PortalAddress("::1", 3260));
    gateway("gw3", 3, GatewayEntry.State.FAILED, new PortalAddress("127.0.0.3", 3260));
  }

  /** What the next command or question is answered with. */
  public synchronized void answerNext(CompletableFuture<?> answer) {
    next = answer;
  }

  /** What the next command or question throws. */
  public synchronized void throwNext(RuntimeException exception) {
    thrown = exception;
  }

  public synchronized List<String> preferredOfLast() {
    return preferredOfLast;
  }

  public synchronized String causeOfLastMove() {
    return causeOfLastMove;
  }

  private void gateway(String name, int group, GatewayEntry.State state, PortalAddress... portals) {
    take(
        new GatewayEntry(
            name,
            1,
            state,
            incarnation(name),
            group,
            List.of(portals),
            new PortalAddress("127.0.0." + group, 7060),
            "http://127.0.0." + group + ":8080",
            "0.1.0",
            1000 + group,
            SINCE,
            state == GatewayEntry.State.UP ? "registered" : "process gone"));
  }

  private static String incarnation(String gateway) {
    return "incarnation-of-" + gateway;
  }

  /** Puts an entry into the view as the replica would. */
  public synchronized void apply(ViewEntry entry) {
    take(entry);
  }

  private void take(ViewEntry entry) {
    if (view.apply(entry)) {
      changes.applied(entry);
    }
  }

  @Override
  public ViewChanges changes() {
    return changes;
  }

  @Override
  public Metadata as(Origin origin) {
    lastOrigin = origin;
    return this;
  }

  @Override
  public synchronized CompletionStage<Metadata> expecting(Expected expected) {
    return answer(
        () -> {
          for (ViewEntry entry : view.entries()) {
            if (!expected.isMetBy(entry)) {
              throw Answer.outdated(entry.version()).refusal();
            }
          }
          return this;
        });
  }

  @Override
  public synchronized View view() {
    return view;
  }

  @Override
  public List<Observation> observations() {
    return observations;
  }

  @Override
  public double load(String unitId) {
    return loads.getOrDefault(unitId, 0.0);
  }

  @Override
  public List<WaitingUnits.Waiting> waiting() {
    return WaitingUnits.of(view, observations, gateway(), "", unit -> Optional.of("no answer"));
  }

  @Override
  public Snapshots snapshots() {
    return snapshots;
  }

  @Override
  public String gateway() {
    return "gw1";
  }

  @Override
  public synchronized CompletionStage<TargetEntry> createTarget(
      String iscsiName, List<String> gateways, Optional<Boolean> explicitAlua) {
    return answer(
        () -> {
          Optional<TargetEntry> there = view.target(iscsiName);
          if (there.isPresent()) {
            if (!there.get().gateways().equals(gateways)) {
              throw new Refusal(
                  Kind.CONFLICT, "gateways", "The target is exported by other gateways");
            }
            return there.get();
          }
          TargetEntry entry =
              new TargetEntry(
                  iscsiName,
                  1,
                  gateways,
                  Map.of(),
                  false,
                  SINCE,
                  TargetAccess.OPEN,
                  explicitAlua.orElse(false));
          take(entry);
          return entry;
        });
  }

  @Override
  public synchronized CompletionStage<Void> deleteTarget(String iscsiName) {
    return answer(
        () -> {
          TargetEntry target = existing(iscsiName);
          if (!target.luns().isEmpty()) {
            throw new Refusal(Kind.CONFLICT, "luns", "The target has LUNs");
          }
          take(
              new TargetEntry(
                  iscsiName, target.version() + 1, target.gateways(), Map.of(), true, SINCE));
          return null;
        });
  }

  @Override
  public synchronized CompletionStage<UnitEntry> createUnit(
      String target,
      int lun,
      long size,
      int blockSize,
      String store,
      List<String> preferred,
      UnitAttributes attributes) {
    return answer(
        () -> {
          TargetEntry entry = existing(target);
          preferredOfLast = preferred;
          String there = entry.luns().get(lun);
          if (there != null) {
            UnitEntry unit = view.unit(there).orElseThrow();
            if (unit.size() != size
                || unit.blockSize() != blockSize
                || !unit.store().equals(store)
                || !unit.attributes().equals(attributes)) {
              throw new Refusal(Kind.CONFLICT, "lun", "Another unit is mapped there");
            }
            return unit;
          }
          UUID id = UUID.nameUUIDFromBytes((target + lun).getBytes(StandardCharsets.UTF_8));
          UnitEntry unit =
              new UnitEntry(
                  id.toString(),
                  1,
                  0x3000_0000_0000_00abL + lun,
                  "serial" + lun,
                  store,
                  size,
                  blockSize,
                  preferred,
                  new Ownership(
                      Phase.SERVING,
                      1,
                      "gw1",
                      incarnation("gw1"),
                      "",
                      SINCE,
                      "created",
                      List.of(),
                      List.of()),
                  false,
                  0,
                  attributes.initial(id.toString()),
                  attributes);
          take(unit);
          map(entry, lun, unit.id());
          return unit;
        });
  }

  /** The real lists over this map: their rules are part of what the API answers. */
  @Override
  public AccessLists accessLists() {
    return new SealedAccessLists(secrets, this::ask);
  }

  /** What the gateway encrypts secrets with; without a key at first. */
  public synchronized void secrets(ChapSecrets chapSecrets) {
    secrets = chapSecrets;
  }

  /** Asks a target, as its entity answers it. */
  private synchronized CompletionStage<TargetEntry> ask(
      String name, Function<ActorRef<Answer>, Target.Command> question) {
    return answer(
        () -> {
          TargetEntry now = existing(name);
          if (!(question.apply(null) instanceof Target.ChangeAccess asked)) {
            return now;
          }
          asked
              .change()
              .refusal(now)
              .ifPresent(
                  refused -> {
                    throw refused.refusal();
                  });
          TargetEntry after =
              new TargetEntry(
                  name,
                  now.version() + 1,
                  now.gateways(),
                  now.luns(),
                  false,
                  SINCE,
                  asked.change().applyTo(now.access()),
                  now.explicitAlua());
          take(after);
          return after;
        });
  }

  private void map(TargetEntry target, int lun, String id) {
    Map<Integer, String> luns = new HashMap<>(target.luns());
    if (id == null) {
      luns.remove(lun);
    } else {
      luns.put(lun, id);
    }
    take(
        new TargetEntry(
            target.name(),
            target.version() + 1,
            target.gateways(),
            luns,
            false,
            SINCE,
            id == null ? target.access().without(lun) : target.access(),
            target.explicitAlua()));
  }

  @Override
  public synchronized CompletionStage<Void> deleteUnit(String unitId, boolean force) {
    return answer(
        () -> {
          UnitEntry unit = view.unit(unitId).orElseThrow();
          boolean used = view.targetsOf(unitId).stream().anyMatch(t -> t.name().equals(IN_USE));
          if (used && !force) {
            throw new Refusal(Kind.CONFLICT, "id", "2 sessions are logged in");
          }
          for (TargetEntry entry : view.targets()) {
            for (int lun : List.copyOf(entry.luns().keySet())) {
              if (entry.luns().get(lun).equals(unitId)) {
                map(entry, lun, null);
              }
            }
          }
          take(unit.next(unit.ownership(), unit.shared()).asDeleted());
          return null;
        });
  }

  @Override
  public synchronized CompletionStage<UnitEntry> resizeUnit(
      String unitId, long size, String cause) {
    return answer(
        () -> {
          UnitEntry unit = view.unit(unitId).orElseThrow();
          if (size < unit.size()) {
            throw new Refusal(Kind.CONFLICT, "size", "It can only grow");
          }
          UnitEntry grown = sized(unit, size, 0);
          take(grown);
          return grown;
        });
  }

  @Override
  public synchronized CompletionStage<TargetEntry> setExplicitAlua(
      String iscsiName, boolean explicitAlua) {
    return answer(
        () -> {
          TargetEntry now = view.target(iscsiName).orElseThrow();
          TargetEntry changed =
              new TargetEntry(
                  now.name(),
                  now.version() + 1,
                  now.gateways(),
                  now.luns(),
                  false,
                  now.since(),
                  now.access(),
                  explicitAlua);
          take(changed);
          return changed;
        });
  }

  @Override
  public synchronized CompletionStage<UnitEntry> setReadOnly(
      String unitId, boolean readOnly, String cause) {
    return answer(
        () -> {
          UnitEntry unit = view.unit(unitId).orElseThrow();
          UnitEntry changed = unit.nextReadOnly(readOnly, cause);
          take(changed);
          return changed;
        });
  }

  /** A unit with other sizes. */
  public static UnitEntry sized(UnitEntry unit, long size, long growingTo) {
    return unit.nextSized(size, growingTo);
  }

  @Override
  public synchronized CompletionStage<TargetEntry> mapUnit(String target, int lun, String unitId) {
    return answer(
        () -> {
          String there = existing(target).luns().get(lun);
          if (there != null && !there.equals(unitId)) {
            throw new Refusal(Kind.CONFLICT, "lun", "Another unit is mapped there");
          }
          map(existing(target), lun, unitId);
          return existing(target);
        });
  }

  @Override
  public synchronized CompletionStage<TargetEntry> unmapLun(String target, int lun) {
    return answer(
        () -> {
          if (!existing(target).luns().containsKey(lun)) {
            throw new Refusal(Kind.NOT_FOUND, "lun", "There is no such LUN");
          }
          map(existing(target), lun, null);
          return existing(target);
        });
  }

  @Override
  public synchronized CompletionStage<UnitEntry> moveUnit(
      String unitId, String toGateway, String cause) {
    return answer(
        () -> {
          UnitEntry unit = view.unit(unitId).orElseThrow();
          if (view.gateway(toGateway).orElseThrow().state() != GatewayEntry.State.UP) {
            throw new Refusal(Kind.CONFLICT, "gateway", "The gateway " + toGateway + " is down");
          }
          causeOfLastMove = cause;
          UnitEntry moved =
              owned(
                  unit,
                  new Ownership(
                      Phase.SERVING,
                      unit.ownership().epoch() + 1,
                      toGateway,
                      incarnation(toGateway),
                      "",
                      SINCE.plusSeconds(60),
                      cause,
                      List.of(),
                      List.of()));
          take(moved);
          return moved;
        });
  }

  @Override
  public synchronized CompletionStage<UnitEntry> cancelMove(String unitId, String cause) {
    return answer(
        () -> {
          UnitEntry unit = view.unit(unitId).orElseThrow();
          Ownership now = unit.ownership();
          if (now.phase() != Phase.RELEASING) {
            throw new Refusal(Kind.CONFLICT, "id", "The unit is not being moved");
          }
          UnitEntry kept =
              owned(
                  unit,
                  new Ownership(
                      Phase.SERVING,
                      now.epoch(),
                      now.owner(),
                      now.incarnation(),
                      "",
                      SINCE,
                      cause,
                      List.of(),
                      List.of()));
          take(kept);
          return kept;
        });
  }

  /** The unit is being moved from its owner. */
  public synchronized void releasing(String unitId, String successor) {
    UnitEntry unit = view.unit(unitId).orElseThrow();
    Ownership now = unit.ownership();
    take(
        owned(
            unit,
            new Ownership(
                Phase.RELEASING,
                now.epoch(),
                now.owner(),
                now.incarnation(),
                successor,
                SINCE,
                "planned",
                List.of(),
                List.of())));
  }

  @Override
  public synchronized CompletionStage<UnitEntry> preferUnit(
      String unitId, List<String> preferred, String cause) {
    return answer(
        () -> {
          UnitEntry changed = view.unit(unitId).orElseThrow().nextPreferred(preferred);
          take(changed);
          return changed;
        });
  }

  /** What the stores are said to be. */
  public final FakeStores stores = new FakeStores();

  @Override
  public VolumeStores volumeStores() {
    return stores;
  }

  @Override
  public Maintenance maintenance() {
    return new Maintenance() {
      @Override
      public CompletionStage<GatewayEntry> drain(String gateway, String cause) {
        return to(gateway, GatewayEntry.Duty.DRAINING, cause);
      }

      @Override
      public CompletionStage<GatewayEntry> undrain(String gateway, String cause) {
        return to(gateway, GatewayEntry.Duty.IN_SERVICE, cause);
      }

      @Override
      public CompletionStage<GatewayEntry> remove(String gateway, String cause) {
        return answer(
            () -> {
              GatewayEntry entry = view.gateway(gateway).orElseThrow();
              if (entry.state() == GatewayEntry.State.UP) {
                throw new Refusal(Kind.CONFLICT, "name", gateway + " is a member of the cluster");
              }
              take(entry.next(GatewayEntry.State.REMOVED, SINCE, cause, 0));
              return entry;
            });
      }

      private CompletionStage<GatewayEntry> to(
          String gateway, GatewayEntry.Duty duty, String cause) {
        return answer(
            () -> {
              GatewayEntry entry =
                  view.gateway(gateway)
                      .orElseThrow()
                      .next(new GatewayEntry.Service(duty, SINCE, cause));
              take(entry);
              return entry;
            });
      }
    };
  }

  /** A unit under another ownership. */
  public static UnitEntry owned(UnitEntry unit, Ownership ownership) {
    return unit.next(ownership, unit.shared());
  }

  /** The unit loses its owner, as when gw3 was seen to be gone. */
  public synchronized void orphan(String unitId) {
    UnitEntry unit = view.unit(unitId).orElseThrow();
    take(
        owned(
            unit,
            new Ownership(
                Phase.UNOWNED,
                unit.ownership().epoch(),
                "",
                "",
                "",
                SINCE.plusSeconds(30),
                "gw3 failed",
                List.of(
                    new Observation(
                        "gw2",
                        "gw3",
                        incarnation("gw3"),
                        Observation.Kind.PROCESS_GONE,
                        SINCE.plusSeconds(29),
                        "connection refused")),
                List.of("gw2"))));
  }

  @Override
  public synchronized CompletionStage<Sessions> sessions() {
    return answer(
        () -> {
          List<SessionEntry> sessions = new ArrayList<>();
          sessions.add(session("gw2", "iqn.2026-11.example:b", Optional.empty(), 0));
          sessions.add(session("gw1", "iqn.2026-11.example:b", Optional.of("iqn.t:x"), 7));
          sessions.add(session("gw1", "iqn.2026-11.example:a", Optional.of("iqn.t:x"), 0));
          return new Sessions(sessions, List.of("gw3"));
        });
  }

  @Override
  public synchronized CompletionStage<Void> closeSession(SessionId id) {
    return answer(
        () -> {
          closed.add(id);
          if (!id.equals(session("gw2", "iqn.2026-11.example:b", Optional.empty(), 0).id())) {
            throw new Refusal(Kind.NOT_FOUND, "id", "there is no session " + id.text());
          }
          return null;
        });
  }

  /** What was asked to be closed. */
  public final List<SessionId> closed = new ArrayList<>();

  @Override
  public ClusterStanding cluster() {
    return new ClusterStanding(
        Optional.of("gw1"),
        List.of(
            new ClusterStanding.Member("gw1", incarnation("gw1"), "127.0.0.1:2551", "up", true),
            new ClusterStanding.Member("gw3", incarnation("gw3"), "127.0.0.3:2551", "up", false)),
        2_500_000_000L,
        "");
  }

  private static SessionEntry session(
      String gateway, String initiator, Optional<String> target, int inFlight) {
    return new SessionEntry(
        gateway,
        initiator,
        "0x00023d000001",
        1,
        target,
        "127.0.0.1:3260",
        "127.0.0.1:50000",
        SINCE,
        inFlight);
  }

  private TargetEntry existing(String name) {
    return view.target(name)
        .orElseThrow(() -> new Refusal(Kind.NOT_FOUND, "target", "There is no target " + name));
  }

  @SuppressWarnings("unchecked")
  private <T> CompletionStage<T> answer(Supplier<T> work) {
    if (thrown != null) {
      RuntimeException exception = thrown;
      thrown = null;
      throw exception;
    }
    if (next != null) {
      CompletableFuture<?> answer = next;
      next = null;
      return (CompletionStage<T>) answer;
    }
    try {
      return CompletableFuture.completedFuture(work.get());
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
