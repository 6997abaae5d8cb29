package io.moongate.management.api;

/**
 * Who asks.
 *
 * @param user name of the user of the token or the client certificate
 * @param role {@code viewer}, {@code operator} or {@code admin}
 */
public record Whoami(String user, String role) {}
