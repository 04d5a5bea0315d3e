/**
 * A log that outlives its process. {@link io.silkstone.store.durable.LogKeeper} copies what is
 * appended to files, in groups, and says how far the log is settled; {@link
 * io.silkstone.store.durable.KeptLog} is what a process finds when it begins, to be taken into its
 * store record by record.
 */
package io.silkstone.store.durable;
