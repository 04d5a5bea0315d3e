/**
 * The Java client beside a raw-socket Redis client, and the steps that its round trip is made of.
 */
package io.silkstone.benchmarks.kv;
