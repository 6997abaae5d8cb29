/** Volumes in the memory of the process, for tests and measurements with one gateway. */
package io.moongate.volume.memory;
