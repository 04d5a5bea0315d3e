/**
 * The thread runtime under a seed: one thread of the JVM, virtual time, and a random number that
 * says who runs next. Start at {@link io.silkstone.threads.simulation.SimulatedRuntime}; several
 * processes in one run are {@link io.silkstone.threads.simulation.SimulatedProcess}es.
 */
package io.silkstone.threads.simulation;
