/**
 * {@code bench scale}: what an operation costs in clusters of more and more nodes, as processes
 * beside Redis Cluster and in the simulation.
 */
package io.silkstone.benchmarks.scale;
