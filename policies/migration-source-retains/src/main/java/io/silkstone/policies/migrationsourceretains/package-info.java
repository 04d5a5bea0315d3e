/**
 * RAMCloud's older way of moving tablets: their owner serves them while they are copied. Read
 * {@link io.silkstone.policies.migrationsourceretains.SourceRetainsStrategy}; the component only
 * gives it its settings.
 */
package io.silkstone.policies.migrationsourceretains;
