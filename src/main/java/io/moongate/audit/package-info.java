/**
 * The journal as the audit log: what happened, who asked for it and why, and the view as it was at
 * any instant, by replay through the entities' own states ({@code docs/decisions/0022-audit.md}).
 */
package io.moongate.audit;
