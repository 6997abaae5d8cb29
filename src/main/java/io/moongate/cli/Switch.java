package io.moongate.cli;

/** What an option takes that is on or off, as it is typed. */
enum Switch {
  on,
  off
}
