/**
 * The tables in Cassandra: what they must be ({@code persistence-schema/*.cql}), making them, and
 * saying what is missing. Nothing here runs by itself: an operator applies the schema, or the demo
 * does.
 */
package io.moongate.cluster.schema;
