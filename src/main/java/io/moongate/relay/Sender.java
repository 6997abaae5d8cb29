package io.moongate.relay;

import java.util.UUID;

/**
 * This gateway as the owners see it to which it relays.
 *
 * @param gateway its name
 * @param incarnation this process
 * @param registration grows from one process of a gateway to the next: the version of its entry in
 *     the view with which it registered. What a former process sent, and what is still on its way
 *     when that has ended, begins no more once a later one has said hello
 */
public record Sender(String gateway, UUID incarnation, long registration) {}
