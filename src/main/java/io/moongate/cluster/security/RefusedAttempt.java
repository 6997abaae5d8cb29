package io.moongate.cluster.security;

import io.moongate.cluster.CborSerializable;
import java.time.Instant;

/**
 * Requests that a gateway's API refused for who sent them; equal ones of a short while are one.
 *
 * @param user who it was, as far as that is known; else empty; {@code *} stands for several
 * @param address from which they came
 * @param method of HTTP
 * @param path that was asked for, without its query; {@code *} stands for several
 * @param reason why they were refused
 * @param count how many
 * @param at when the first of them came
 */
public record RefusedAttempt(
    String user, String address, String method, String path, String reason, long count, Instant at)
    implements CborSerializable {}
