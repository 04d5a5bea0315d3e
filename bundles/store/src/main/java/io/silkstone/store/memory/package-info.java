/**
 * The node's one pool of off-heap memory and what makes using it safe. {@link
 * io.silkstone.store.memory.SegletPool} hands out runs of 64 KiB seglets to the log and to hash
 * tables, {@link io.silkstone.store.memory.Memory} reads and writes them by address, and {@link
 * io.silkstone.store.memory.Epochs} says when memory that nothing refers to any more may be used
 * again although readers take no locks.
 */
package io.silkstone.store.memory;
