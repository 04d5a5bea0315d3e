/**
 * Which requests of which client are done, for changes that happen exactly once: {@link
 * io.silkstone.store.results.Leases} finds what is known of a client, {@link
 * io.silkstone.store.results.Lease} which of its requests are under way and where the results of
 * the others lie in the log.
 */
package io.silkstone.store.results;
