/** What an operator does to a node while it is measured. */
package io.silkstone.benchmarks.operator;
