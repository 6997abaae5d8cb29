/**
 * Whether anything is wrong with a cluster: what its gateways say, judged. No HTTP and no terminal
 * here, so that a test can look at any state of a cluster.
 */
package io.moongate.cli.status;
