package io.moongate.security;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a user may do. Each role may do what those before it may. */
public enum Role {
  /** Reads. */
  VIEWER,
  /** Changes what loses no data: creates, maps, resizes, moves, drains, access lists. */
  OPERATOR,
  /** Deletes, rolls back, removes gateways, forces. */
  ADMIN;

  /** Whether this role may do what another may. */
  public boolean includes(Role other) {
    return compareTo(other) >= 0;
  }

  /** As files and answers have it, in lower case. */
  public String inWords() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The role of that name in lower case; empty when there is none. */
  public static Optional<Role> of(String name) {
    return Arrays.stream(values()).filter(role -> role.inWords().equals(name)).findFirst();
  }

  /** All names, for whoever is told what was expected. */
  public static String names() {
    return Arrays.stream(values()).map(Role::inWords).collect(Collectors.joining(", "));
  }
}
