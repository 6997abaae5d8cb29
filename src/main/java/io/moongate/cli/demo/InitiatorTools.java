package io.moongate.cli.demo;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The initiator tools of other people that a check runs against the gateways. */
record InitiatorTools(Path iscsiLs, Path iscsiInq, Path qemuIo) {

  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final String INITIATOR = "iqn.2026-11.io.moongate:check";
  private static final Pattern NAA =
      Pattern.compile(
          "Designator Type:\\(3\\)[^\\n]*\\nDesignator:\\[(?<bytes>.*?)\\]\\n(?=DEVICE DESIGNATOR|$)",
          Pattern.DOTALL);

  /**
   * @throws DemoException naming the packages, when one is missing
   */
  static InitiatorTools find() {
    Map<String, String> packages = new LinkedHashMap<>();
    packages.put("iscsi-ls", "libiscsi-bin");
    packages.put("iscsi-inq", "libiscsi-bin");
    packages.put("qemu-io", "qemu-utils and qemu-block-extra");
    List<String> missing = new ArrayList<>();
    packages.forEach(
        (tool, source) -> {
          if (Children.onPath(tool).isEmpty()) {
            missing.add(tool + " (" + source + ")");
          }
        });
    if (!missing.isEmpty()) {
      throw new DemoException(
          "--check needs "
              + String.join(", ", missing)
              + "; Debian: apt-get install libiscsi-bin qemu-utils qemu-block-extra");
    }
    return new InitiatorTools(path("iscsi-ls"), path("iscsi-inq"), path("qemu-io"));
  }

  private static Path path(String tool) {
    return Children.onPath(tool).orElseThrow();
  }

  /**
   * Discovery through a portal, then a login and a look at each LUN through every portal that it
   * named.
   */
  Children.Run list(Children children, GatewayAddress gateway) {
    return children.run(
        List.of(iscsiLs.toString(), "-i", INITIATOR, "-s", "iscsi://" + gateway.portal()), TIMEOUT);
  }

  /** Discovery through a portal, no login. */
  Children.Run discover(Children children, GatewayAddress gateway) {
    return children.run(
        List.of(iscsiLs.toString(), "-i", INITIATOR, "iscsi://" + gateway.portal()), TIMEOUT);
  }

  /** VPD page 83h of a LUN. */
  Children.Run deviceIdentification(
      Children children, GatewayAddress gateway, String target, int lun) {
    return children.run(
        List.of(
            iscsiInq.toString(),
            "-i",
            INITIATOR,
            "-e",
            "1",
            "-c",
            "131",
            "iscsi://" + gateway.portal() + "/" + target + "/" + lun),
        TIMEOUT);
  }

  /**
   * The NAA designator in what {@link #deviceIdentification} wrote, in hex. Older versions of
   * iscsi-inq write its bytes as they are, up to the first zero; newer ones as hex digits.
   */
  static Optional<String> naa(String output) {
    Matcher matcher = NAA.matcher(output);
    if (!matcher.find()) {
      return Optional.empty();
    }
    String bytes = matcher.group("bytes");
    return Optional.of(
        bytes.matches("(?: [0-9a-f]{2})+")
            ? bytes.replace(" ", "")
            : HexFormat.of().formatHex(bytes.getBytes(StandardCharsets.ISO_8859_1)));
  }

  /** An interactive session with a LUN through one portal. */
  QemuIo open(Children children, GatewayAddress gateway, String target, int lun) {
    return QemuIo.open(children, qemuIo, gateway, target, lun, INITIATOR + "-" + gateway.name());
  }
}
