/**
 * {@code moongate demo}: a whole cluster on one host. It starts a real Cassandra node and real
 * gateway processes, makes a target and its LUNs through the HTTP API as any client would, watches
 * over its children, and stops them. With {@code --check} it then does with real initiator tools
 * what a host does, kills the owner, and reports.
 */
package io.moongate.cli.demo;
