/**
 * {@code bench swap}: core policies are swapped in every way that an operator has, while a node
 * serves as much as it can.
 */
package io.silkstone.benchmarks.swap;
