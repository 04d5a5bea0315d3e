/**
 * {@code bench migration}: how fast a tablet with all its objects goes from one node process to
 * another, and what clients notice of that, beside Redis Cluster.
 */
package io.silkstone.benchmarks.migration;
