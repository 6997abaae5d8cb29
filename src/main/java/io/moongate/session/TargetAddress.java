package io.moongate.session;

import io.moongate.scsi.TargetDirectory.Portal;

/** A portal as the value of a TargetAddress key (RFC 7143 section 13.8). */
final class TargetAddress {
  private TargetAddress() {}

  /** With the portal group tag, as SendTargets lists it. */
  static String listed(Portal portal) {
    return redirection(portal) + "," + portal.portalGroupTag();
  }

  /** Without the tag: the section omits it where a login is redirected. */
  static String redirection(Portal portal) {
    boolean bare = portal.address().indexOf(':') >= 0 && !portal.address().startsWith("[");
    String host = bare ? "[" + portal.address() + "]" : portal.address();
    return host + ":" + portal.port();
  }
}
