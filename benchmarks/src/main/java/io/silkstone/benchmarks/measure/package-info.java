/**
 * How benchmarks measure on a machine that is not quiet: a {@link
 * io.silkstone.benchmarks.measure.Probe} of its state, {@link
 * io.silkstone.benchmarks.measure.Rounds} that interleave rivals, {@link
 * io.silkstone.benchmarks.measure.Series} of figures with their medians, and the {@link
 * io.silkstone.benchmarks.measure.Table} and {@link io.silkstone.benchmarks.measure.ResultLine} in
 * which they are told.
 */
package io.silkstone.benchmarks.measure;
