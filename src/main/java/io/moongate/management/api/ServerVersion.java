package io.moongate.management.api;

/**
 * What answers.
 *
 * @param version version of Moongate
 * @param gateway name of the gateway that answers
 * @param java version of the Java runtime
 */
public record ServerVersion(String version, String gateway, String java) {}
