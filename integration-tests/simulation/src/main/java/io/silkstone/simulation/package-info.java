/**
 * The product's own code, its clients and its clock in one thread, where a seed decides what
 * happens next; what the clients were told is judged by a linearizability checker. {@link
 * io.silkstone.simulation.Main} runs scenarios by the thousand.
 */
package io.silkstone.simulation;
