package io.moongate.management.api;

/**
 * That the process is alive and answers. Whether it is ready to serve is asked of Pekko Management.
 *
 * @param status always {@code up}
 * @param gateway name of the gateway that answers
 */
public record Health(String status, String gateway) {}
