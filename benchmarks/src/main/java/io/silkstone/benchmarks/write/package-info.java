/**
 * {@code bench write}: what a write costs that is kept on disk, beside Redis and beside the disk
 * itself; and that none is lost when a node is killed.
 */
package io.silkstone.benchmarks.write;
