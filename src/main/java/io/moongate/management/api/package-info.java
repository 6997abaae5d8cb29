/** What goes over the wire of the HTTP API, as records: all that its clients share with it. */
package io.moongate.management.api;
