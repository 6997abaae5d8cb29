/** Snapshots of logical units: what the API asks for, and how it reaches the unit's owner. */
package io.moongate.cluster.snapshot;
