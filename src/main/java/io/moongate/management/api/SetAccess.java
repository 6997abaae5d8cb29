package io.moongate.management.api;

/**
 * Body of {@code PUT /targets/IQN/access}.
 *
 * @param access {@code open}: whoever comes may log in, or {@code listed}: only initiators on the
 *     target's list
 */
public record SetAccess(String access) {}
