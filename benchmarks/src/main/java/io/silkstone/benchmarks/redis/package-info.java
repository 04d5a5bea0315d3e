/**
 * {@code bench redis}: a node beside redis-server, asked by redis-benchmark and by a lean client of
 * our own.
 */
package io.silkstone.benchmarks.redis;
