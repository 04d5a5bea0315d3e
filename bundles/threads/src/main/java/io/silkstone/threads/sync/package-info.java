/**
 * Mutual exclusion, condition variables and semaphores (Arachne, section 3.1), written against
 * {@link io.silkstone.api.threads.ThreadRuntime} alone: the real runtime and the simulated one
 * share them. Start at {@link io.silkstone.threads.sync.Waiter}.
 */
package io.silkstone.threads.sync;
