/**
 * Clients that ask one store by one thread with a window of requests, and check every reply: {@link
 * io.silkstone.benchmarks.ask.ClusterAsker} is the Java client, {@link
 * io.silkstone.benchmarks.ask.RedisSockets} the leanest Redis client that blocks, of one server or
 * of a Redis Cluster.
 */
package io.silkstone.benchmarks.ask;
