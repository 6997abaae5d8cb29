/**
 * What is hostile: the engine of the fuzz tests, which stand beside what they test; a raw initiator
 * over sockets; floods.
 *
 * <p>A fuzz test is a method with Jazzer's {@code @FuzzTest}. In a usual run it gets the inputs
 * that are kept in the test resources ({@code <Class>Inputs/<method>}), and {@link
 * io.moongate.fuzz.Mutations} adds some thousand inputs of its own from a seed. To fuzz for real,
 * by coverage:
 *
 * <pre>
 *   JAZZER_FUZZ=1 mvn -o test -Dtest=LoginFuzzTest#fuzz
 * </pre>
 *
 * What it finds is written to the test resources and fails the usual run until it is mended.
 */
package io.moongate.fuzz;
