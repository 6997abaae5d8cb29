/**
 * TCP for streams, without a thread between a socket and the stage that reads it: an {@link
 * io.moongate.transport.EventLoop} is at once the thread that waits for sockets and the dispatcher
 * of the streams that they belong to.
 *
 * <p>Pekko's own TCP has an actor for each connection beside the one of its stream, and a thread
 * that waits for all sockets. Each is right where connections are many and idle; a disk has few,
 * and what it waits for most is a thread to be woken.
 */
package io.moongate.transport;
