/**
 * The hash table that finds a table's objects in the log: lines of one cache line each, read
 * without locks, grown one line at a time while the node serves. Start at {@link
 * io.silkstone.store.index.HashTable}; {@link io.silkstone.store.index.LineMemory} is all that it
 * asks of its surroundings, and what lets the very same code run under a model checker.
 */
package io.silkstone.store.index;
