package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cli.CephIscsiPlan.Step;
import io.moongate.cli.CephIscsiPlan.Wanted;
import io.moongate.management.api.AllowInitiator;
import io.moongate.management.api.CreateLun;
import io.moongate.management.api.Initiator;
import io.moongate.management.api.SetAccess;
import io.moongate.management.api.SetChap;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.MGF1ParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CephIscsiTest {
  /** A configuration object of version 11. */
  static final String CONFIGURATION =
      """
      {
        "created": "2021/03/04 10:20:30",
        "discovery_auth": {
          "username": "", "password": "", "password_encryption_enabled": false,
          "mutual_username": "", "mutual_password": "", "mutual_password_encryption_enabled": false
        },
        "disks": {
          "rbd/disk_1": {
            "allocating_host": "igw1", "backstore": "user:rbd",
            "backstore_object_name": "rbd.disk_1", "controls": {}, "created": "2021/03/04 10:21:00",
            "image": "disk_1", "owner": "igw1", "pool": "rbd", "pool_id": 2,
            "updated": "2021/03/04 10:21:00", "wwn": "a1b2c3d4-e5f6-4718-9293-a4b5c6d7e8f9"
          },
          "rbd/disk_2": {
            "allocating_host": "igw2", "backstore": "user:rbd",
            "backstore_object_name": "rbd.disk_2", "controls": {"max_data_area_mb": 64},
            "created": "2021/03/04 10:21:00", "image": "disk_2", "owner": "igw2", "pool": "rbd",
            "pool_id": 2, "updated": "2021/03/04 10:21:00",
            "wwn": "0f1e2d3c-4b5a-4687-8796-a5b4c3d2e1f0"
          },
          "rbd/unused": {
            "backstore": "user:rbd", "controls": {}, "image": "unused", "owner": "igw1",
            "pool": "rbd", "pool_id": 2, "wwn": "11111111-4b5a-4687-8796-a5b4c3d2e1f0"
          }
        },
        "epoch": 17,
        "gateways": {"igw1": {"active_luns": 1}, "igw2": {"active_luns": 1}},
        "targets": {
          "iqn.2003-01.com.example.igw:ceph": {
            "acl_enabled": true,
            "auth": {
              "username": "", "password": "", "password_encryption_enabled": false,
              "mutual_username": "", "mutual_password": "",
              "mutual_password_encryption_enabled": false
            },
            "clients": {
              "iqn.1994-05.com.example:host1": {
                "auth": {
                  "username": "host1user", "password": "secretsecret1",
                  "password_encryption_enabled": false,
                  "mutual_username": "targetuser", "mutual_password": "secretsecret2",
                  "mutual_password_encryption_enabled": false
                },
                "group_name": "",
                "luns": {"rbd/disk_1": {"lun_id": 0}, "rbd/disk_2": {"lun_id": 1}}
              },
              "iqn.1994-05.com.example:host2": {
                "auth": {"username": "", "password": "", "password_encryption_enabled": false},
                "group_name": "group", "luns": {"rbd/disk_2": {"lun_id": 0}}
              }
            },
            "controls": {}, "created": "2021/03/04 10:20:40",
            "disks": {
              "rbd/disk_1": {"lun_id": 0, "owner": "igw1"},
              "rbd/disk_2": {"lun_id": 1, "owner": "igw2"}
            },
            "groups": {
              "group": {
                "disks": {"rbd/disk_2": {"lun_id": 0}}, "members": ["iqn.1994-05.com.example:host2"]
              }
            },
            "ip_list": ["10.1.0.1", "10.1.0.2"],
            "portals": {
              "igw1": {
                "gateway_ip_list": ["10.1.0.1", "10.1.0.2"], "inactive_portal_ips": ["10.1.0.2"],
                "portal_ip_addresses": ["10.1.0.1"], "tpgs": 2
              },
              "igw2": {
                "gateway_ip_list": ["10.1.0.1", "10.1.0.2"], "inactive_portal_ips": ["10.1.0.1"],
                "portal_ip_addresses": ["10.1.0.2"], "tpgs": 2
              }
            },
            "updated": "2021/03/04 10:22:00"
          }
        },
        "updated": "2021/03/04 10:22:00",
        "version": 11
      }
      """;

  private static CephIscsiConfiguration read(String text) {
    return CephIscsiConfiguration.read(text.getBytes(StandardCharsets.UTF_8));
  }

  private static CephIscsiPlan plan(String text) {
    return plan(text, new Wanted("rbd", List.of(), false));
  }

  private static CephIscsiPlan plan(String text, Wanted wanted) {
    return CephIscsiPlan.of(read(text), wanted, (whose, auth) -> auth.password());
  }

  private static List<String> steps(CephIscsiPlan plan) {
    return plan.steps().stream().map(Step::what).toList();
  }

  private static void hasNote(CephIscsiPlan plan, String part) {
    assertTrue(
        plan.notes().stream().anyMatch(note -> note.contains(part)), () -> part + plan.notes());
  }

  /** Without a list, and so without clients. */
  static String open() {
    int clients = CONFIGURATION.indexOf("\"clients\": {");
    int after = CONFIGURATION.indexOf("\"controls\": {}, \"created\": \"2021/03/04 10:20:40\"");
    return (CONFIGURATION.substring(0, clients)
            + "\"clients\": {}, "
            + CONFIGURATION.substring(after))
        .replace("\"acl_enabled\": true", "\"acl_enabled\": false");
  }

  /** With a second target, of a disk in another pool. */
  private static String withAnother() {
    return CONFIGURATION
        .replace(
            "\"disks\": {\n    \"rbd/disk_1\": {",
            """
            "disks": {
                "ssd/fast": {"pool": "ssd", "image": "fast", "controls": {},
                  "wwn": "22222222-4b5a-4687-8796-a5b4c3d2e1f0"},
                "rbd/disk_1": {""")
        .replace(
            "\"targets\": {",
            """
            "targets": {
                "iqn.2003-01.com.example.igw:other": {
                  "acl_enabled": true, "clients": {}, "portals": {},
                  "disks": {"ssd/fast": {"lun_id": 0}, "rbd/disk_2": {"lun_id": 1}}
                },""");
  }

  @Test
  void hostsFindTheirDisksAndNobodyElseFindsAny() {
    CephIscsiPlan plan = plan(CONFIGURATION, new Wanted("rbd", List.of(), true));
    assertEquals(
        List.of(
            "target iqn.2003-01.com.example.igw:ceph",
            "only its list may log in to iqn.2003-01.com.example.igw:ceph",
            "LUN 0: image rbd/disk_1, NAA 6001405a1b2c3d4e5f647189293a4b5c",
            "LUN 1: image rbd/disk_2, NAA 60014050f1e2d3c4b5a46878796a5b4c",
            "mutual CHAP of iqn.2003-01.com.example.igw:ceph",
            "initiator iqn.1994-05.com.example:host1 sees 0,1",
            "initiator iqn.1994-05.com.example:host2 sees 0=1"),
        steps(plan));
    assertEquals(new SetAccess("listed"), plan.steps().get(1).body());
    assertEquals(Optional.empty(), plan.steps().get(1).onlyWhileEmpty());
    CreateLun lun = (CreateLun) plan.steps().get(2).body();
    assertEquals("rbd/disk_1", lun.volume());
    assertEquals(512, lun.physicalBlockSize());
    assertEquals("6001405a1b2c3d4e5f647189293a4b5c", lun.naa());
    assertEquals("a1b2c3d4-e5f6-4718-9293-a4b5c6d7e8f9", lun.serial());
    assertEquals("rbd", lun.store());
    assertEquals(new SetChap("targetuser", "secretsecret2"), plan.steps().get(4).body());
    AllowInitiator first = (AllowInitiator) plan.steps().get(5).body();
    assertEquals(new SetChap("host1user", "secretsecret1"), first.chap());
    assertEquals(
        List.of(new Initiator.Lun(0, 1)), ((AllowInitiator) plan.steps().get(6).body()).luns());
    assertEquals(
        List.of(
            "iqn.1994-05.com.example:host2 logs in to iqn.2003-01.com.example.igw:ceph without CHAP",
            "hosts of iqn.2003-01.com.example.igw:ceph look for it at 10.1.0.1, 10.1.0.2: give the"
                + " gateways these addresses, or tell the hosts",
            "settings of disk rbd/disk_2 are not taken over",
            "disk rbd/unused is in no target, and stays as it is"),
        plan.notes().stream()
            .filter(note -> !note.startsWith("portal group") && !note.startsWith("INQUIRY"))
            .toList());
  }

  @Test
  void whoHasNoChapIsNotAllowedByNameAloneWhereOthersHaveIt() {
    CephIscsiPlan plan = plan(CONFIGURATION);
    assertEquals(
        List.of("initiator iqn.1994-05.com.example:host1 sees 0,1"),
        steps(plan).stream().filter(what -> what.startsWith("initiator")).toList());
    hasNote(plan, "iqn.1994-05.com.example:host2 has no CHAP");
    CephIscsiPlan nobodyHas =
        plan(
            CONFIGURATION
                .replace("host1user", "")
                .replace("secretsecret1", "")
                .replace("targetuser", "")
                .replace("secretsecret2", ""));
    assertEquals(2, steps(nobodyHas).stream().filter(what -> what.startsWith("initiator")).count());
  }

  @Test
  void aTargetWithoutAListIsOpenInTheEnd() {
    String open =
        open()
            .replaceFirst(
                "\"acl_enabled\": false,\\s+\"auth\": \\{\\s+\"username\": \"\", \"password\": \"\"",
                "\"acl_enabled\": false, \"auth\": {\"username\": \"all\", \"password\":"
                    + " \"secretsecret3\"");
    List<Step> steps = plan(open).steps();
    assertEquals(new SetAccess("listed"), steps.get(1).body());
    assertEquals(
        Optional.of("/targets/iqn.2003-01.com.example.igw%3Aceph"), steps.get(1).onlyWhileEmpty());
    assertEquals(new SetChap("all", "secretsecret3"), steps.get(steps.size() - 2).body());
    assertEquals(new SetAccess("open"), steps.get(steps.size() - 1).body());
  }

  @Test
  void aTargetWithClientsIsListedWhateverItSays() {
    CephIscsiPlan plan =
        plan(CONFIGURATION.replace("\"acl_enabled\": true", "\"acl_enabled\": false"));
    assertTrue(
        plan.steps().stream().noneMatch(step -> step.body().equals(new SetAccess("open"))),
        plan::toString);
    hasNote(plan, "turns its list on again");
  }

  @Test
  void whatHostsWillNoticeIsNoted() {
    String settings =
        CONFIGURATION
            .replace(
                "\"controls\": {}, \"created\": \"2021/03/04 10:20:40\"",
                "\"controls\": {\"cmdsn_depth\": 64}")
            .replace(
                "\"group_name\": \"group\",",
                "\"group_name\": \"group\", \"controls\": {\"dataout_timeout\": 9},");
    CephIscsiPlan plan = plan(settings);
    hasNote(plan, "portal group tags");
    hasNote(plan, "INQUIRY answers MOONGATE");
    hasNote(plan, "settings of target iqn.2003-01.com.example.igw:ceph are not");
    hasNote(plan, "settings of client iqn.1994-05.com.example:host2 of target");
    assertTrue(
        plan(CONFIGURATION).notes().stream().noneMatch(note -> note.contains("settings of t")));
  }

  @Test
  void onlyWhatIsImportedHasToFit() {
    String two = withAnother();
    ApiException refused = assertThrows(ApiException.class, () -> plan(two));
    assertTrue(
        refused.getMessage().contains("disk ssd/fast is in the pool ssd"), refused::toString);
    CephIscsiPlan one =
        plan(two, new Wanted("rbd", List.of("iqn.2003-01.com.example.igw:ceph"), false));
    assertEquals(steps(plan(CONFIGURATION)), steps(one));
    hasNote(one, "disk rbd/disk_2 is also in iqn.2003-01.com.example.igw:other");
    assertTrue(one.notes().stream().noneMatch(note -> note.contains("ssd/fast")), one::toString);
    ApiException unknown =
        assertThrows(
            ApiException.class, () -> plan(two, new Wanted("rbd", List.of("iqn.x"), false)));
    assertTrue(unknown.getMessage().contains("no target iqn.x"), unknown::toString);
  }

  @Test
  void anUnusedDiskMayBeInAnyPool() {
    hasNote(
        plan(
            CONFIGURATION.replace(
                "\"pool\": \"rbd\", \"pool_id\": 2, \"wwn\"",
                "\"pool\": \"ssd\", \"pool_id\": 2, \"wwn\"")),
        "disk rbd/unused is in no target");
  }

  @Test
  void everyFaultIsNamedAtOnceAndNoSecret() {
    ApiException refused =
        assertThrows(
            ApiException.class,
            () ->
                plan(
                    CONFIGURATION
                        .replace("example:host1", "example:HOST1")
                        .replace("secretsecret2", "secretshort")
                        .replace("\"image\": \"disk_1\"", "\"image\": \"disk 1\"")));
    for (String part : List.of("client iqn.1994-05.com.example:HOST1", "has 11", "rbd/disk_1")) {
      assertTrue(refused.getMessage().contains(part), refused::getMessage);
    }
    assertFalse(refused.getMessage().contains("secretshort"), refused::getMessage);
  }

  @Test
  void passwordsAreInNoMessage() {
    ApiException broken =
        assertThrows(
            ApiException.class,
            () -> read(CONFIGURATION.replace("\"secretsecret1\"", "secretsecret1")));
    assertFalse(broken.getMessage().contains("secret"), broken::getMessage);
    assertTrue(broken.getMessage().contains("no JSON: line "), broken::getMessage);
    assertFalse(read(CONFIGURATION).toString().contains("secretsecret"));
  }

  /** The last one: without the wwn's digits that LIO does not get to. */
  @ParameterizedTest
  @CsvSource({
    "a1b2c3d4-e5f6-4718-9293-a4b5c6d7e8f9, 6001405a1b2c3d4e5f647189293a4b5c",
    "A1B2C3D4E5F647189293A4B5C6D7E8F9,     6001405a1b2c3d4e5f647189293a4b5c",
    "abc,                                  6001405abc0000000000000000000000"
  })
  void theNaaIsThatOfLio(String wwn, String naa) {
    assertEquals(naa, CephIscsiPlan.naa(wwn));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"version\": 11               | \"version\": 9                 | its version is 9",
        "\"targets\": {                | \"tragets\": {                 | no \"targets\"",
        "\"wwn\": \"0f1e2d3c           | \"www\": \"0f1e2d3c            | disk rbd/disk_2 has no \"wwn\"",
        "\"password\": \"secretsecret1\" | \"password\": \"\"           | username without password",
        "\"luns\": {\"rbd/disk_2\": {\"lun_id\": 0}} | \"luns\": {\"rbd/disk_9\": {\"lun_id\": 0}} | no disk rbd/disk_9",
        "iqn.2003-01.com.example.igw:ceph | iqn.2003-01.com.Example.igw:ceph | the name of target",
        "iqn.1994-05.com.example:host2 | iqn.1994-05.com.example:host_2 | host_2 of target",
        "a1b2c3d4-e5f6-4718-9293-a4b5c6d7e8f9 | a1b2c3d4-e5f6-4718-9293-a4b5c6d7e8f9a | serial number",
        "a1b2c3d4-e5f6-4718-9293-a4b5c6d7e8f9 | a1b2c3d4 e5f6 | serial number",
        "\"image\": \"disk_1\"        | \"image\": \"a@b\"              | disk rbd/disk_1: the image's name",
        "{\"lun_id\": 1, \"owner\"     | {\"lun_id\": 16384, \"owner\"    | LUN 16384 is not of",
        "{\"lun_id\": 1, \"owner\"     | {\"lun_id\": -1, \"owner\"       | LUN -1 is not of",
        "{\"lun_id\": 1, \"owner\"     | {\"lun_id\": 0, \"owner\"        | two disks are its LUN 0",
        "\"rbd/disk_2\": {\"lun_id\": 1}} | \"rbd/disk_2\": {\"lun_id\": 0}} | two disks are its LUN 0",
        "secretsecret1               | secretshort                   | 12 to 255 bytes",
        "secretsecret1               | secretsecret2                 | also the one of its target",
        "0f1e2d3c-4b5a-4687-8796-a5b4c3d2e1f0 | a1b2c3d4-e5f6-4718-9293-a4b5c6d7ffff | two disks have one NAA",
        "{                             | [                             | no JSON"
      })
  void whatCannotBeTakenOverIsNamed(String found, String instead, String named) {
    assertTrue(CONFIGURATION.contains(found), found);
    ApiException refused =
        assertThrows(
            ApiException.class, () -> plan(CONFIGURATION.replace(found, instead)), instead);
    assertTrue(refused.getMessage().contains(named), refused.getMessage());
  }

  @Test
  void clientsWithDifferentMutualCredentialsAreRefused() {
    String other =
        CONFIGURATION.replace(
            "\"auth\": {\"username\": \"\", \"password\": \"\", \"password_encryption_enabled\": false}",
            "\"auth\": {\"username\": \"host2user\", \"password\": \"secretsecret8\","
                + " \"mutual_username\": \"u2\", \"mutual_password\": \"secretsecret9\"}");
    ApiException refused = assertThrows(ApiException.class, () -> plan(other));
    assertTrue(refused.getMessage().contains("targetuser, u2"), refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"SHA-256, true", "SHA-256, false", "SHA-1, true"})
  void anEncryptedPasswordIsReadWithTheKey(String hash, boolean pkcs1) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair pair = generator.generateKeyPair();
    Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
    cipher.init(
        Cipher.ENCRYPT_MODE,
        pair.getPublic(),
        new OAEPParameterSpec(
            hash, "MGF1", new MGF1ParameterSpec(hash), PSource.PSpecified.DEFAULT));
    String encrypted =
        Base64.getEncoder()
            .encodeToString(cipher.doFinal("secretsecret1".getBytes(StandardCharsets.UTF_8)));
    byte[] pkcs8 = pair.getPrivate().getEncoded();
    // The key itself begins after 26 bytes, where it is of this size.
    byte[] der = pkcs1 ? Arrays.copyOfRange(pkcs8, 26, pkcs8.length) : pkcs8;
    String kind = pkcs1 ? "RSA PRIVATE KEY" : "PRIVATE KEY";
    String pem =
        "-----BEGIN %s-----\n%s\n-----END %s-----\n"
            .formatted(kind, Base64.getMimeEncoder().encodeToString(der), kind);
    assertEquals("secretsecret1", CephIscsiKey.read(pem).decrypt("host1", encrypted));

    generator.initialize(1024);
    String otherKey =
        Base64.getMimeEncoder()
            .encodeToString(generator.generateKeyPair().getPrivate().getEncoded());
    ApiException refused =
        assertThrows(
            ApiException.class,
            () ->
                CephIscsiKey.read(
                        "-----BEGIN PRIVATE KEY-----\n" + otherKey + "\n-----END PRIVATE KEY-----")
                    .decrypt("host1", encrypted));
    assertTrue(refused.getMessage().contains("host1"), refused.getMessage());
    assertThrows(ApiException.class, () -> CephIscsiKey.read("nothing"));
    ApiException noKey =
        assertThrows(
            ApiException.class,
            () ->
                CephIscsiKey.read(
                    "-----BEGIN PRIVATE KEY-----\nAAAA=A\n-----END PRIVATE KEY-----"));
    assertEquals("The key is no RSA key of PKCS #1 or PKCS #8", noKey.getMessage());
  }
}
