package io.moongate.cli.host;

/** A kind of host, as it is typed. */
public enum Host {
  linux,
  esxi,
  windows
}
