/**
 * Core-aware user threads after Arachne (OSDI'18). Start at {@link
 * io.silkstone.threads.ArachneRuntime}, whose essay says what is the paper's and what is ours; then
 * {@link io.silkstone.threads.Context} and {@link io.silkstone.threads.OccupancyWord} for the two
 * words that everything hangs on, {@link io.silkstone.threads.Worker} for what a stack is, {@link
 * io.silkstone.threads.Core} for the dispatcher, and {@link io.silkstone.threads.CorePolicySlot}
 * for policies and their guard.
 */
package io.silkstone.threads;
