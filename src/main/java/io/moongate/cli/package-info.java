/**
 * The command line: a client of the HTTP API. It shares with the gateway only the records of {@code
 * management.api}, so no part of the cluster is loaded to ask a question.
 */
package io.moongate.cli;
