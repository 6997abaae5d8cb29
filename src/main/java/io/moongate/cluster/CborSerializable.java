package io.moongate.cluster;

/** Marks what Jackson CBOR writes: the cluster's messages, events, states and view entries. */
public interface CborSerializable {}
