/**
 * The two-level cleaner that keeps log-structured memory usable when it is nearly full (RAMCloud,
 * FAST'14). {@link io.silkstone.store.cleaner.Cleaner} is all that others use: an agent's duty, and
 * the way in which writers pay for what they take. It finds out what is wanted from dead flags and
 * from {@link io.silkstone.store.log.References}.
 */
package io.silkstone.store.cleaner;
