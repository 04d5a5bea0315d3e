/**
 * Messages between transports of one JVM, over a wire that is as bad as a test wants it. Start at
 * {@link io.silkstone.transport.memory.MemoryNetwork}; what can go wrong is in {@link
 * io.silkstone.transport.memory.Faults} and {@link io.silkstone.transport.memory.Link}.
 */
package io.silkstone.transport.memory;
