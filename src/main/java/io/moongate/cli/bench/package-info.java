/**
 * {@code moongate bench}: a gateway and others who do the same, side by side on one host, by the
 * same client, in turns. What counts is the ratio: two runs at different times can't be compared.
 */
package io.moongate.cli.bench;
