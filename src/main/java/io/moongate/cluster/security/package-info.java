/** What the API refused to whom: kept in the journal, so that it can be asked for later. */
package io.moongate.cluster.security;
