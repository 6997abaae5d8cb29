package io.moongate.cluster.portal;

/** One address of one failed process, as a gateway deals with it. Times are monotonic, in ns. */
final class Turn {
  /** What it is about. */
  record Key(String gateway, String incarnation, String address) {}

  final Key key;

  /** When its gateway was first seen to have failed. */
  final long since;

  /** Whether this host has the address. */
  boolean here;

  /** When it was last given a lifetime. */
  long renewedAt;

  /** Until when it may still be there although it is not wanted: its removal has failed. */
  long lingersUntil;

  /** Before which nothing is tried. */
  long restsUntil;

  /** Who was found to have it last. */
  String other = "";

  int probes;
  long probedAt;
  boolean clean;
  long cleanAt;
  int announcements;
  long announcedAt;
  boolean asked;
  long askedAt;

  /** Since when whoever holds it on record is known to be gone. */
  boolean holderGone;

  long holderGoneSince;

  Turn(Key key, long now) {
    this.key = key;
    this.since = now;
    this.restsUntil = now;
    this.lingersUntil = now;
  }

  void forgetProbes() {
    probes = 0;
    clean = false;
  }

  void restUntil(long instant) {
    restsUntil = instant;
    forgetProbes();
  }
}
