/**
 * The product's claims as numbers. {@link io.silkstone.benchmarks.Main} runs one {@link
 * io.silkstone.benchmarks.Benchmark} by name; each interleaves its rivals, says in which state the
 * machine was, and ends with a line {@code RESULT name key=value ...} for programs.
 */
package io.silkstone.benchmarks;
