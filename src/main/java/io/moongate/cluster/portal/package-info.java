/** Portal addresses of gateways that have failed: who holds them meanwhile, and until when. */
package io.moongate.cluster.portal;
