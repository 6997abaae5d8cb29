/** Addresses of this host's interfaces, and who else answers for one: what the JDK can't ask. */
package io.moongate.link;
