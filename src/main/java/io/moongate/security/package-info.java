/**
 * Who may do what, and how connections are protected: users and their tokens, roles, the files of
 * TLS. It knows of no protocol and no cluster, so that the API, the command line, the relay and the
 * cluster read the same files by the same rules.
 */
package io.moongate.security;
