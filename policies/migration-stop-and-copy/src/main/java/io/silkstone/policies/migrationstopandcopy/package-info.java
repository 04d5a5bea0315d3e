/**
 * The plainest way of moving tablets, for comparisons: nobody serves one while it is copied. Read
 * {@link io.silkstone.policies.migrationstopandcopy.StopAndCopyStrategy}; the component only gives
 * it its settings.
 */
package io.silkstone.policies.migrationstopandcopy;
