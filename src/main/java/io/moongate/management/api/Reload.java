package io.moongate.management.api;

/**
 * Has a gateway read its configuration file again.
 *
 * @param dryRun whether it is only to say what it would take; may be absent: no
 */
public record Reload(Boolean dryRun) {}
