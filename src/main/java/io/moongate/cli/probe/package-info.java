/**
 * The smallest initiator: what a host would see through one portal, for checks that change nothing.
 */
package io.moongate.cli.probe;
