package io.moongate.management.api;

/**
 * Body of {@code PUT /targets/{name}/explicit-alua}.
 *
 * @param explicitAlua whether hosts may choose a unit's owner by SET TARGET PORT GROUPS
 */
public record SetExplicitAlua(Boolean explicitAlua) {}
