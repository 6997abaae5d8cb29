package io.moongate.cli;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What the configuration object of ceph-iscsi says, {@code gateway.conf} in its pool, of version
 * 11: the one that its last releases write.
 *
 * @param disks by their id, which is {@code pool/image}
 * @param discovery whether discovery asks for CHAP
 */
record CephIscsiConfiguration(Map<String, Disk> disks, List<Target> targets, boolean discovery) {
  private static final int VERSION = 11;
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * An image.
   *
   * @param wwn the unit serial number, of which its target made the NAA
   * @param controls whether settings of its own were made, other than the defaults
   */
  record Disk(String id, String pool, String image, String wwn, boolean controls) {}

  /**
   * CHAP of one direction.
   *
   * @param encrypted whether the password is encrypted under the gateways' key
   */
  record Auth(String user, String password, boolean encrypted) {
    @Override
    public String toString() {
      return "Auth[user=" + user + ", encrypted=" + encrypted + "]";
    }
  }

  /** Both directions. */
  record Auths(Optional<Auth> chap, Optional<Auth> mutual) {}

  /**
   * An initiator.
   *
   * @param luns by disk, the number under which it sees it
   * @param controls whether settings of its own were made, other than the defaults
   */
  record Client(String name, Auths auths, Map<String, Integer> luns, boolean controls) {}

  /**
   * A target.
   *
   * @param aclEnabled whether only its clients may log in, as far as the file says
   * @param luns by disk, its number
   * @param addresses of its portals
   * @param controls whether settings of its own were made, other than the defaults
   */
  record Target(
      String name,
      boolean aclEnabled,
      Auths auths,
      Map<String, Integer> luns,
      List<Client> clients,
      List<String> addresses,
      boolean controls) {

    /** Whether only its clients may log in: its gateways see to that wherever there are any. */
    boolean listed() {
      return aclEnabled || !clients.isEmpty();
    }

    /** Whether any client authenticates itself, so that its gateways ask every one to. */
    boolean asksForChap() {
      return clients.stream().anyMatch(client -> client.auths().chap().isPresent());
    }
  }

  /**
   * Reads it.
   *
   * @throws ApiException that says what is not as expected, and where
   */
  static CephIscsiConfiguration read(byte[] bytes) {
    JsonNode root;
    try {
      root = JSON.readTree(bytes);
    } catch (JsonProcessingException e) {
      // Its message may quote a part of a password.
      JsonLocation at = e.getLocation();
      throw wrong(
          at == null
              ? "it is no JSON"
              : "it is no JSON: line %d, column %d".formatted(at.getLineNr(), at.getColumnNr()));
    } catch (IOException e) {
      throw wrong("it is no JSON");
    }
    if (root == null || !root.isObject() || !root.has("targets")) {
      throw wrong("it has no \"targets\"");
    }
    int version = root.path("version").asInt(0);
    if (version != VERSION) {
      throw wrong(
          ("its version is %d, expected %d: the gateways of the last releases of ceph-iscsi (3.5 and"
                  + " later) bring it there when they start")
              .formatted(version, VERSION));
    }
    Map<String, Disk> disks = new TreeMap<>();
    for (Map.Entry<String, JsonNode> each : root.path("disks").properties()) {
      disks.put(each.getKey(), disk(each.getKey(), each.getValue()));
    }
    List<Target> targets = new ArrayList<>();
    for (Map.Entry<String, JsonNode> each : root.path("targets").properties()) {
      targets.add(target(each.getKey(), each.getValue(), disks));
    }
    return new CephIscsiConfiguration(
        disks, targets, auths("discovery_auth", root.path("discovery_auth")).chap().isPresent());
  }

  private static Disk disk(String id, JsonNode disk) {
    String where = "disk " + id;
    return new Disk(
        id,
        text(where, disk, "pool"),
        text(where, disk, "image"),
        text(where, disk, "wwn"),
        controls(disk));
  }

  private static Target target(String name, JsonNode target, Map<String, Disk> disks) {
    String where = "target " + name;
    List<Client> clients = new ArrayList<>();
    for (Map.Entry<String, JsonNode> each : target.path("clients").properties()) {
      String client = where + ", client " + each.getKey();
      clients.add(
          new Client(
              each.getKey(),
              auths(client, each.getValue().path("auth")),
              luns(client, each.getValue().path("luns"), disks),
              controls(each.getValue())));
    }
    List<String> addresses = new ArrayList<>();
    for (JsonNode portal : target.path("portals")) {
      portal.path("portal_ip_addresses").forEach(address -> addresses.add(address.asText()));
    }
    return new Target(
        name,
        target.path("acl_enabled").asBoolean(true),
        auths(where, target.path("auth")),
        luns(where, target.path("disks"), disks),
        clients,
        addresses,
        controls(target));
  }

  private static boolean controls(JsonNode node) {
    return !node.path("controls").isEmpty();
  }

  private static Map<String, Integer> luns(String where, JsonNode luns, Map<String, Disk> disks) {
    Map<String, Integer> numbers = new TreeMap<>();
    for (Map.Entry<String, JsonNode> each : luns.properties()) {
      JsonNode number = each.getValue().path("lun_id");
      if (!number.isInt()) {
        throw wrong("%s: disk %s has no lun_id".formatted(where, each.getKey()));
      }
      if (!disks.containsKey(each.getKey())) {
        throw wrong("%s: there is no disk %s".formatted(where, each.getKey()));
      }
      numbers.put(each.getKey(), number.intValue());
    }
    return numbers;
  }

  private static Auths auths(String where, JsonNode auth) {
    return new Auths(auth(where, auth, word -> word), auth(where, auth, word -> "mutual_" + word));
  }

  private static Optional<Auth> auth(String where, JsonNode auth, Function<String, String> field) {
    String user = auth.path(field.apply("username")).asText("");
    String password = auth.path(field.apply("password")).asText("");
    if (user.isEmpty() != password.isEmpty()) {
      throw wrong(
          "%s: %s without %s"
              .formatted(
                  where,
                  field.apply(user.isEmpty() ? "password" : "username"),
                  field.apply(user.isEmpty() ? "username" : "password")));
    }
    boolean encrypted = auth.path(field.apply("password_encryption_enabled")).asBoolean(false);
    return user.isEmpty() ? Optional.empty() : Optional.of(new Auth(user, password, encrypted));
  }

  private static String text(String where, JsonNode node, String field) {
    String text = node.path(field).asText("");
    if (text.isEmpty()) {
      throw wrong("%s has no \"%s\"".formatted(where, field));
    }
    return text;
  }

  static ApiException wrong(String what) {
    return ApiException.refused("Not a configuration of ceph-iscsi that can be imported: " + what);
  }
}
