/**
 * The log that holds every object. {@link io.silkstone.store.log.Entry} is the layout of what lies
 * in it, {@link io.silkstone.store.log.Segment} a piece of it that is cleaned as a whole, {@link
 * io.silkstone.store.log.Log} the way to append, and {@link io.silkstone.store.log.References} what
 * the cleaner must be told about those who refer to entries.
 */
package io.silkstone.store.log;
