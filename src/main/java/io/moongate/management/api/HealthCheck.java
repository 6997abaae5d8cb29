package io.moongate.management.api;

/**
 * One of the things that are looked at for the health of a gateway.
 *
 * @param name {@code lease}, {@code view}, {@code cassandra}, ...
 * @param state {@code up}, {@code degraded} or {@code down}
 * @param detail for people
 */
public record HealthCheck(String name, String state, String detail) {}
