package io.moongate.security;

/**
 * Who asks.
 *
 * @param name as the users file has it
 */
public record User(String name, Role role) {}
