/**
 * A lean Redis client that loads a server and checks every reply. One {@link
 * io.silkstone.benchmarks.load.LoadClient} drives many connections from one thread; a {@link
 * io.silkstone.benchmarks.load.Workload} says what to ask, {@link
 * io.silkstone.benchmarks.load.ObjectFormat} how keys and values look, so that a value tells whose
 * it is and how new.
 */
package io.silkstone.benchmarks.load;
