package io.moongate.multinode.host;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.management.api.LogicalUnit;
import io.moongate.multinode.harness.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/** A Linux host in a {@link Guest}: its settings, sessions, multipath maps and file system. */
public final class LinuxHost {
  /** For what the emulated processor takes long for, on a busy machine. */
  public static final Duration BOUND = Duration.ofMinutes(10);

  private static final Duration QUICK = Duration.ofMinutes(5);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PLACE = "/mnt/data";

  /** The device of each session's disk, and the portal that the session was opened with. */
  private static final String PATHS =
      """
      for disk in /sys/block/sd*; do
        [ -e "$disk" ] || continue
        session=$(readlink -f $disk | sed -n 's|.*/session\\([0-9]*\\)/.*|\\1|p')
        [ -n "$session" ] || continue
        echo "${disk##*/} $(cat /sys/class/iscsi_connection/connection$session:*/persistent_address)"
      done
      """;

  private final Guest guest;
  private final Map<String, String> gateways;

  /**
   * @param gateways names, by the addresses of their portals
   */
  public LinuxHost(Guest guest, Map<String, String> gateways) {
    this.guest = guest;
    this.gateways = Map.copyOf(gateways);
  }

  public Guest guest() {
    return guest;
  }

  /**
   * Does to the letter what {@code moongate host-config linux --json} says, but for installing
   * packages, which are there.
   *
   * @return what its commands printed
   */
  public String follow(String guide) {
    StringBuilder said = new StringBuilder();
    for (JsonNode step : parse(guide, '[')) {
      List<String> lines = new ArrayList<>();
      step.path("lines").forEach(line -> lines.add(line.asText()));
      if (step.hasNonNull("file")) {
        // What a package has of the file stays before it: of two settings the later one counts.
        guest.write(QUICK, step.path("file").asText(), lines, true);
      } else if (!step.path("title").asText().equals("Packages")) {
        said.append(guest.succeed(BOUND, "set -ex\n" + String.join("\n", lines)));
      }
    }
    return said.toString();
  }

  /** The map of a unit, once it is as wanted. */
  public Multipath await(String what, LogicalUnit unit, Predicate<Multipath> wanted) {
    return Await.value(
        "multipath to have " + what,
        BOUND,
        () -> {
          Multipath map = multipath(unit);
          if (!wanted.test(map)) {
            throw new Await.Unready(map.toString());
          }
          return map;
        });
  }

  /**
   * The map of a unit. The rules of udev that sg3-utils has prefer the T10 designator, with the
   * unit's UUID, to a NAA designator that is locally assigned; those of systemd take the latter.
   */
  public Multipath multipath(LogicalUnit unit) throws Await.Unready {
    Guest.Answer paths = guest.run(QUICK, PATHS);
    // Whoever asks all the time leaves an emulated processor little for anything else.
    Guest.Answer maps = guest.run(QUICK, "sleep 1; multipathd show maps json");
    if (maps.status() != 0) {
      throw new Await.Unready(maps.text());
    }
    Map<String, String> byDevice = new TreeMap<>();
    for (String line : paths.text().lines().toList()) {
      String[] words = line.split(" ", -1);
      if (words.length == 2 && gateways.containsKey(words[1])) {
        byDevice.put(words[0], gateways.get(words[1]));
      }
    }
    try {
      return Multipath.of(
          parse(maps.text(), '{'), Set.of("3" + unit.naa(), "1MOONGATE" + unit.id()), byDevice);
    } catch (IllegalArgumentException e) {
      throw new Await.Unready(e.getMessage());
    }
  }

  /** Reads a block through a map: only then the kernel decides which path is in use. */
  public void touch(Multipath map) {
    guest.succeed(
        BOUND,
        "dd if=/dev/mapper/%s of=/dev/null bs=4096 count=1 iflag=direct".formatted(map.name()));
  }

  /** Ends what a test has left running. */
  public void endLoads() {
    guest.run(QUICK, "pkill -KILL -x fio");
  }

  /** What its kernel and the daemons have written. */
  public String logs() {
    return guest.run(QUICK, "dmesg; tail -n 2000 /var/log/*.log").text();
  }

  /** What an administrator looks at. */
  public String multipathList() {
    return guest.succeed(QUICK, "multipath -ll");
  }

  /** Makes a file system (ext4) on a unit, and mounts it. */
  public void makeFileSystem(Multipath map) {
    guest.succeed(
        BOUND,
        "set -e; mkfs.ext4 -q -F /dev/mapper/%s; mkdir -p %s; mount /dev/mapper/%s %s"
            .formatted(map.name(), PLACE, map.name(), PLACE));
  }

  /** Unmounts it, and has it checked: nothing may have to be mended. */
  public String checkFileSystem(Multipath map) {
    return guest.succeed(
        BOUND, "set -e; umount %s; e2fsck -f -n /dev/mapper/%s".formatted(PLACE, map.name()));
  }

  /** Bytes of the mounted file system. */
  public long fileSystemSize() {
    return Long.parseLong(
        guest.succeed(QUICK, "df --output=size -B1 %s | tail -n 1".formatted(PLACE)).strip());
  }

  /** Has the kernel ask again which units there are, and how large they are. */
  public void rescan() {
    guest.succeed(BOUND, "iscsiadm -m session --rescan");
  }

  /** Takes up what a unit has grown by: disks, map, file system. */
  public void grow(Multipath map, long size) {
    rescan();
    guest.succeed(
        BOUND,
        "set -ex; multipathd resize map %1$s; [ $(blockdev --getsize64 /dev/mapper/%1$s) = %2$d ];"
                .formatted(map.name(), size)
            + " resize2fs /dev/mapper/"
            + map.name());
  }

  /** Starts fio in the file system. */
  public FioLoad load(String name) {
    return FioLoad.start(guest, PLACE + "/load", name);
  }

  /** Writes a file, each block with a checksum. */
  public void writeWitness() {
    guest.succeed(BOUND, witness("--do_verify=0"));
  }

  /** Reads that file past the page cache and compares every checksum. */
  public void verifyWitness() {
    guest.succeed(BOUND, witness("--verify_only=1"));
  }

  private static String witness(String what) {
    return "fio --name=witness --filename="
        + PLACE
        + "/witness --size=16m --bs=64k --rw=write --direct=1 --ioengine=libaio --iodepth=4"
        + " --verify=crc32c --verify_fatal=1 --verify_state_save=0 --output-format=terse "
        + what;
  }

  /** Writes that the map has completed since it was made. */
  public long writes(Multipath map) {
    String stat = guest.succeed(QUICK, "sleep 0.5; cat /sys/block/%s/stat".formatted(map.device()));
    return Long.parseLong(stat.strip().split(" +", -1)[4]);
  }

  /** Waits until so many more writes have ended than until now. */
  public void awaitWrites(Multipath map, int more) {
    long before = writes(map);
    Await.value(
        more + " more writes",
        BOUND,
        () -> {
          long now = writes(map);
          if (now < before + more) {
            throw new Await.Unready("%d so far".formatted(now - before));
          }
          return now;
        });
  }

  private static JsonNode parse(String json, char begin) {
    try {
      return JSON.readTree(json.substring(Math.max(0, json.indexOf(begin))));
    } catch (JsonProcessingException e) {
      throw new AssertionError("no JSON: " + json, e);
    }
  }
}
