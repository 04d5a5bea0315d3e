/**
 * What the runtime asks of the operating system and of the JDK's inside: processors and pinning
 * ({@link io.silkstone.threads.kernel.Processors}), virtual threads on a scheduler of ours ({@link
 * io.silkstone.threads.kernel.VirtualThreads}). Each has a way to go on without.
 */
package io.silkstone.threads.kernel;
