/**
 * Shows what is counted elsewhere as Prometheus asks for it. It counts nothing itself but what the
 * JVM and the process do, by Micrometer: what commands do is read where it is counted, at each
 * scrape, so that a series is there for as long as what it is about.
 */
package io.moongate.metrics;
