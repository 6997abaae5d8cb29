/** What to set on a host so that it follows a cluster's path changes: Linux, ESXi, Windows. */
package io.moongate.cli.host;
