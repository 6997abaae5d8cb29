package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Entries of the blocklist go once nobody needs them, and never before. */
@CephAlone
class RbdBlocklistIT extends PoolFixture {
  private static final int BLOCK = OldOwner.BLOCK;
  private static final int MIB = 1 << 20;
  private static final Duration MARGIN = Duration.ofHours(1);

  private final List<Process> started = new ArrayList<>();
  private final AtomicLong nanos = new AtomicLong();
  private final BlocklistSweep sweep = new BlocklistSweep(MARGIN, nanos::get);

  @AfterEach
  void killAll() {
    started.forEach(Process::destroyForcibly);
  }

  /** Looks as often as it does within a time. */
  private int sweep(Duration time) {
    int removed = 0;
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      for (long passed = 0; passed <= time.toNanos(); passed += sweep.pause().toNanos()) {
        removed += sweep.look(client);
        nanos.addAndGet(sweep.pause().toNanos());
      }
    }
    return removed;
  }

  private boolean isBlocklisted(String address) {
    return ceph.ceph("osd", "blocklist", "ls").contains(RadosClient.withoutVersion(address) + " ");
  }

  private Optional<FencedClient> recorded(String address) {
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      return new BlocklistRecords(client).find(address).flatMap(BlocklistRecords.Found::client);
    }
  }

  private void record(String address, FencedClient value) {
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      BlocklistRecords records = new BlocklistRecords(client);
      value.owners().forEach(owner -> assertTrue(records.add(address, owner)));
      ProcessIdentity.parse(value.claim())
          .ifPresent(
              claimer ->
                  assertTrue(
                      records.claim(records.find(address).orElseThrow(), claimer).isPresent()));
    }
  }

  private static FencedClient.Owner owner(String process) {
    return new FencedClient.Owner(process, "unit", "test.unit", 1, Long.MAX_VALUE);
  }

  private String ownerOnRecord(String id) {
    return ceph.rbd("image-meta", "get", pool.name() + "/test." + id, Ownership.OWNER).strip();
  }

  private OtherProcess owner(String id, long epoch) throws IOException {
    OtherProcess owner =
        OtherProcess.java(OldOwner.class, OldOwner.command(pool.settings(), id, epoch, "blocks"));
    owner.awaitLine("writing");
    return owner;
  }

  /** One that has ended, on this system. */
  private static ProcessIdentity ended() throws Exception {
    Process process = new ProcessBuilder("true").start();
    process.waitFor();
    ProcessIdentity own = ProcessIdentity.own().orElseThrow();
    return new ProcessIdentity(
        own.boot(), own.pidNamespace(), own.timeNamespace(), process.pid(), 1);
  }

  @Test
  void theEntryOfAStoppedOwnerStaysAndGoesAfterItsEnd() throws Exception {
    get(store.create("unit", 16 << 20, BLOCK));
    String address;
    Volume young;
    try (OtherProcess old = owner("unit", 1)) {
      old.stop();
      address = ownerOnRecord("unit");
      young = get(store.open("unit"));
      get(young.fence(2));
      assertTrue(isBlocklisted(address), address);
      FencedClient record = recorded(address).orElseThrow();
      assertEquals("unit", record.owners().get(0).unit());
      assertEquals("test.unit", record.owners().get(0).image());
      assertEquals(0, sweep(MARGIN.multipliedBy(3)));
      assertTrue(isBlocklisted(address), address);
      // It may go on, and is refused as ever.
      get(young.write(0, OldOwner.block("new"), false));
      old.goOn();
      assertEquals("ended FENCED 0", old.awaitLine("ended"));
    }
    // Not before the margin is over.
    assertEquals(0, sweep(MARGIN.minus(sweep.pause().multipliedBy(2))));
    assertTrue(isBlocklisted(address), address);
    assertEquals(1, sweep(sweep.pause().multipliedBy(3)));
    assertFalse(isBlocklisted(address), address);
    assertEquals(Optional.empty(), recorded(address));
    ByteBuffer read = ByteBuffer.allocate(BLOCK);
    get(young.read(0, read));
    assertEquals('n', read.get(0));
    get(young.close());
  }

  @Test
  void aPauseOfTheOneThatLooksDoesNotCount() throws Exception {
    ceph.ceph("osd", "blocklist", "add", "127.0.0.1:0/11");
    record("127.0.0.1:0/11", new FencedClient(List.of(owner(ended().toString())), ""));
    assertEquals(0, sweep(Duration.ZERO));
    nanos.addAndGet(MARGIN.multipliedBy(100).toNanos());
    assertEquals(0, sweep(Duration.ZERO));
    assertEquals(1, sweep(MARGIN));
    assertFalse(isBlocklisted("127.0.0.1:0/11"));
  }

  @Test
  void whatIsNotKnownToHaveEndedStays() throws Exception {
    ProcessIdentity own = ProcessIdentity.own().orElseThrow();
    ProcessIdentity elsewhere =
        new ProcessIdentity(
            "another-boot", own.pidNamespace(), own.timeNamespace(), ended().pid(), 1);
    List<FencedClient> kept =
        List.of(
            // Nobody knows whose it was.
            new FencedClient(List.of(owner("")), ""),
            new FencedClient(List.of(owner(elsewhere.toString())), ""),
            // Its own.
            new FencedClient(List.of(owner(own.toString())), ""),
            // Two had one address by chance, and only one has ended.
            new FencedClient(List.of(owner(ended().toString()), owner(own.toString())), ""),
            new FencedClient(List.of(owner(ended().toString()), owner("")), ""),
            // Somebody is at it.
            new FencedClient(List.of(owner(ended().toString())), elsewhere.toString()));
    for (int i = 0; i < kept.size(); i++) {
      ceph.ceph("osd", "blocklist", "add", address(i));
      record(address(i), kept.get(i));
    }
    // Of others altogether.
    ceph.ceph("osd", "blocklist", "add", "127.0.0.1:0/21");
    assertEquals(0, sweep(MARGIN.multipliedBy(2)));
    for (int i = 0; i < kept.size(); i++) {
      assertTrue(isBlocklisted(address(i)), address(i));
      assertEquals(Optional.of(kept.get(i)), recorded(address(i)));
    }
    assertTrue(isBlocklisted("127.0.0.1:0/21"));
  }

  private static String address(int i) {
    return "127.0.0.1:0/3" + i;
  }

  @Test
  void whatOneThatHasEndedHadBegunToRemoveIsRemoved() throws Exception {
    ceph.ceph("osd", "blocklist", "add", "127.0.0.1:0/41");
    record(
        "127.0.0.1:0/41", new FencedClient(List.of(owner(ended().toString())), ended().toString()));
    assertEquals(1, sweep(MARGIN.multipliedBy(2)));
    assertFalse(isBlocklisted("127.0.0.1:0/41"));
    assertEquals(Optional.empty(), recorded("127.0.0.1:0/41"));
  }

  @Test
  void nothingIsRemovedWhileSilentServersCountAsUp() throws Exception {
    ceph.ceph("osd", "blocklist", "add", "127.0.0.1:0/51");
    record("127.0.0.1:0/51", new FencedClient(List.of(owner(ended().toString())), ""));
    ceph.ceph("osd", "set", "nodown");
    try {
      assertEquals(0, sweep(MARGIN.multipliedBy(2)));
    } finally {
      ceph.ceph("osd", "unset", "nodown");
    }
    // The margin counts from here.
    assertEquals(0, sweep(MARGIN.minus(sweep.pause().multipliedBy(2))));
    assertEquals(1, sweep(MARGIN));
  }

  @Test
  void withoutTheCapabilityEverythingStays() throws Exception {
    ceph.ceph("osd", "blocklist", "add", "127.0.0.1:0/61");
    record("127.0.0.1:0/61", new FencedClient(List.of(owner(ended().toString())), ""));
    ceph.ceph(
        "auth",
        "caps",
        "client." + pool.user(),
        "mon",
        "profile rbd",
        "osd",
        "profile rbd pool=" + pool.name());
    assertEquals(0, sweep(MARGIN.multipliedBy(2)));
    assertTrue(sweep.isForbidden());
    assertTrue(isBlocklisted("127.0.0.1:0/61"));
    // Nobody is kept from being fenced by it.
    assertFalse(recorded("127.0.0.1:0/61").orElseThrow().isClaimed());
  }

  /** Whoever was fenced by it would not be for long. */
  @Test
  void nobodyIsSucceededByAnEntryThatIsJustBeingRemoved() throws Exception {
    get(store.create("unit", 16 << 20, BLOCK));
    Volume old = get(store.open("unit"));
    get(old.fence(1));
    String address = ownerOnRecord("unit");
    record(address, new FencedClient(List.of(owner(ended().toString())), ended().toString()));
    Volume young = get(store.open("unit"));
    assertTrue(assertReason(Reason.UNAVAILABLE, young.fence(2)).contains(address), address);
    get(young.close());
    ceph.rados("-p", pool.name(), "rmomapkey", BlocklistRecords.OBJECT, address);
    Volume later = get(store.open("unit"));
    get(later.fence(3));
    assertEquals(1, recorded(address).orElseThrow().owners().size());
    get(later.write(0, OldOwner.block("new"), false));
    assertReason(Reason.FENCED, old.write(0, OldOwner.block("old"), false));
    get(old.close());
    get(later.close());
  }

  /** The server of the records is down, those of the unit are not. */
  @Test
  void aRecordThatCanNotBeHadKeepsNobodyFromTakingOver() throws Exception {
    String id = unitElsewhere();
    Volume old = get(store.open(id));
    get(old.fence(1));
    String address = ownerOnRecord(id);
    int down = ceph.stopOsdOf(pool.name(), BlocklistRecords.OBJECT);
    try {
      Volume young = get(store.open(id));
      get(young.fence(2));
      assertTrue(isBlocklisted(address), address);
      assertReason(Reason.FENCED, old.flush());
      get(young.close());
    } finally {
      ceph.startOsd(down);
    }
    // It was not forgotten.
    await(() -> recorded(address).isPresent());
    get(old.close());
  }

  /** None of what opening, fencing and flushing ask for lies where the records do. */
  private String unitElsewhere() {
    for (int attempt = 0; attempt < 10; attempt++) {
      int records = ceph.osdOf(pool.name(), BlocklistRecords.OBJECT);
      for (int i = 0; i < 20 && ceph.osdOf(pool.name(), "rbd_info") != records; i++) {
        String id = "unit" + i;
        get(store.create(id, MIB, BLOCK));
        String info = ceph.rbd("info", pool.name() + "/test." + id, "--format", "json");
        String image = info.replaceAll("(?s).*\"id\":\"([^\"]*)\".*", "$1");
        boolean elsewhere =
            Stream.of(
                    "rbd_id.test." + id,
                    "rbd_header." + image,
                    "rbd_data." + image + ".0000000000000000",
                    AtomicWrites.journal(image))
                .allMatch(object -> ceph.osdOf(pool.name(), object) != records);
        if (elsewhere) {
          return id;
        }
      }
      closePool();
      openPool();
    }
    throw new AssertionError("everything lies where the records do");
  }

  /**
   * What the margin rests on: what a server has not begun when the connection of its client has
   * ended is not done.
   */
  @Test
  void aServerDropsWhatWaitsOfAClientThatHasEnded() throws Exception {
    assertFalse(waitingWriteIsDone("KILL"));
    // It is not for another reason.
    assertTrue(waitingWriteIsDone("STOP"));
  }

  /**
   * Whether a write is done that waits in a server when its client gets a signal. It waits because
   * the server has to learn something of another that is stopped, before it serves its objects.
   */
  private boolean waitingWriteIsDone(String signal) throws Exception {
    String waiting = "waiting-" + signal;
    ceph.ceph("osd", "pool", "create", waiting, "1");
    ceph.ceph("osd", "pool", "set", waiting, "size", "2");
    ceph.rados("-p", waiting, "create", "before");
    int first = ceph.osdOf(waiting, "orphan");
    String up = ceph.ceph("osd", "map", waiting, "orphan", "--format", "json");
    String second = up.replaceAll("(?s).*\"up\":\\[%d,(\\d+)].*".formatted(first), "$1");
    long stopped = ceph.osds().get(Integer.parseInt(second)).pid();
    ceph.ceph("osd", "set", "nodown");
    OtherProcess.signal(stopped, "STOP");
    try {
      ceph.ceph("osd", "pool", "set", waiting, "size", "3");
      Process client =
          new ProcessBuilder(
                  "rados", "-c", pool.conf().toString(), "-p", waiting, "create", "orphan")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      started.add(client);
      await(() -> ceph.operationsOf(first).contains("waiting for peered"));
      OtherProcess.signal(client.pid(), signal);
    } finally {
      OtherProcess.signal(stopped, "CONT");
      ceph.ceph("osd", "unset", "nodown");
    }
    // It serves again, and has looked at what waited.
    ceph.rados("-p", waiting, "create", "later");
    boolean done = ceph.rados("-p", waiting, "ls").contains("orphan");
    ceph.ceph("osd", "pool", "rm", waiting, waiting, "--yes-i-really-really-mean-it");
    return done;
  }
}
