package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.StoreStatus.State;
import io.moongate.volume.VolumeException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What Ceph 16.2.15 has answered. */
class MonitorAnswersTest {
  private static final String OPTION =
      """
      {"section":"%s","name":"%s","value":"%s","level":"advanced","can_update_at_runtime":true,"mask":""}\
      """;

  private static String configuration(String... options) {
    return "[" + String.join(",", options) + "]";
  }

  private static String expire(String section, String seconds) {
    return OPTION.formatted(section, "mon_osd_blocklist_default_expire", seconds);
  }

  private static Optional<Duration> blocklistDefault(String... options) {
    return MonitorAnswers.blocklistDefault(MonitorAnswers.parse(configuration(options)));
  }

  @Test
  void serversCanBeKeptUpAllOrOne() {
    assertFalse(
        MonitorAnswers.keepsSilentServersUp(
            MonitorAnswers.parse("{\"status\":\"HEALTH_OK\",\"checks\":{},\"mutes\":[]}")));
    assertTrue(
        MonitorAnswers.keepsSilentServersUp(
            MonitorAnswers.parse(
                """
                {"status":"HEALTH_WARN","checks":{"OSDMAP_FLAGS":{"severity":"HEALTH_WARN",
                "summary":{"message":"nodown,noout flag(s) set","count":6},"detail":[],
                "muted":true}},"mutes":[]}
                """)));
    String ofOne =
        """
        {"status":"HEALTH_WARN","checks":{"OSD_FLAGS":{"severity":"HEALTH_WARN","summary":{"message":
        "1 OSDs or CRUSH {nodes, device-classes} have {NOUP,NODOWN,NOIN,NOOUT} flags set","count":1},
        "detail":[{"message":"osd.0 has flags %s"}],"muted":false}},"mutes":[]}
        """;
    assertTrue(
        MonitorAnswers.keepsSilentServersUp(MonitorAnswers.parse(ofOne.formatted("nodown"))));
    assertFalse(
        MonitorAnswers.keepsSilentServersUp(MonitorAnswers.parse(ofOne.formatted("noout"))));
  }

  @Test
  void operationsOfThoseThatAreGoneAreDroppedUnlessThatIsTurnedOff() {
    String name = "osd_discard_disconnected_ops";
    assertFalse(MonitorAnswers.keepsOrphanedOperations(MonitorAnswers.parse("[]")));
    assertFalse(
        MonitorAnswers.keepsOrphanedOperations(
            MonitorAnswers.parse(configuration(OPTION.formatted("osd", name, "true")))));
    assertTrue(
        MonitorAnswers.keepsOrphanedOperations(
            MonitorAnswers.parse(configuration(OPTION.formatted("osd.3", name, "false")))));
  }

  @Test
  void whatIsSetForMonitorsCountsBeforeWhatIsSetForAllAndTheShortestOfThem() {
    assertEquals(Optional.empty(), blocklistDefault());
    assertEquals(Optional.empty(), blocklistDefault(expire("osd", "5")));
    assertEquals(
        Optional.of(Duration.ofSeconds(7000)), blocklistDefault(expire("global", "7000.000000")));
    assertEquals(
        Optional.of(Duration.ofSeconds(7200)),
        blocklistDefault(expire("global", "7000.000000"), expire("mon", "7200.000000")));
    assertEquals(
        Optional.of(Duration.ofSeconds(7001)),
        blocklistDefault(
            expire("global", "7000.000000"),
            expire("mon", "7200.000000"),
            expire("mon.a", "7001.000000")));
  }

  private static final String POOL =
      """
      {"name":"rbd","id":1,"stats":{"stored":1258291243,"stored_data":1258291243,"stored_omap":0,
      "objects":304,"kb_used":1228801,"bytes_used":1258291243,"percent_used":0.11497167497873306,
      "max_avail":9686067200,"quota_objects":0,"quota_bytes":%d,"dirty":0,"stored_raw":1258291200,
      "avail_raw":9686067167}}
      """;

  private static final String ZEROS =
      """
      {"stats":{"total_bytes":0,"total_avail_bytes":0,"total_used_bytes":0,"num_osds":0},
      "stats_by_class":{},"pools":[%s]}
      """;

  private static OptionalLong available(String pools, String checks) {
    return MonitorAnswers.available(
        MonitorAnswers.parse(ZEROS.formatted(pools)),
        MonitorAnswers.parse("{\"checks\":{%s}}".formatted(checks)),
        "rbd");
  }

  @Test
  void thePoolHasWhatItsCopiesAndItsQuotaLeave() {
    assertEquals(OptionalLong.of(9686067200L), available(POOL.formatted(0), ""));
    assertEquals(OptionalLong.of(9686067200L), available(POOL.formatted(1L << 40), ""));
    assertEquals(OptionalLong.of(41708757), available(POOL.formatted(1300000000), ""));
    assertEquals(OptionalLong.of(0), available(POOL.formatted(100000000), ""));
  }

  @Test
  void whatNoManagerTellsIsNotKnown() {
    assertEquals(OptionalLong.empty(), available("", ""));
    assertEquals(
        OptionalLong.empty(),
        available(
            POOL.formatted(0),
            "\"MGR_DOWN\":{\"summary\":{\"message\":\"no active mgr\",\"count\":0}}"));
  }

  private static State state(String check, String pool) {
    return MonitorAnswers.state(
        MonitorAnswers.parse(
            """
            {"checks":{"%s":{"severity":"HEALTH_WARN","summary":{"message":"1 pool(s) full",
            "count":1},"detail":[{"message":"pool '%s' is full (running out of quota)"}],
            "muted":false}},"mutes":[]}
            """
                .formatted(check, pool)),
        "rbd");
  }

  @Test
  void aPoolIsFullWhenItOrAServerIs() {
    assertEquals(State.FULL, state("POOL_FULL", "rbd"));
    assertEquals(State.WELL, state("POOL_FULL", "other"));
    assertEquals(State.FULL, state("OSD_FULL", "other"));
    assertEquals(State.NEAR_FULL, state("POOL_NEAR_FULL", "rbd"));
    assertEquals(State.WELL, state("POOL_NEAR_FULL", "rbd2"));
    assertEquals(State.NEAR_FULL, state("OSD_NEARFULL", "other"));
    assertEquals(State.WELL, state("POOL_APP_NOT_ENABLED", "rbd"));
  }

  @Test
  void whatIsNoJsonIsSaid() {
    assertThrows(VolumeException.class, () -> MonitorAnswers.parse("{"));
  }
}
