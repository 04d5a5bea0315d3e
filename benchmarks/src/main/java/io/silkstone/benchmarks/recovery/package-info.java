/**
 * {@code bench recovery}: how soon what a node had is served again by the others when that node is
 * killed.
 */
package io.silkstone.benchmarks.recovery;
