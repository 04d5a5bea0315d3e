/**
 * A coordinator's log on Aeron Cluster, which three or five members keep in one order by Raft.
 * Start at {@link io.silkstone.log.aeroncluster.AeronClusterLog}.
 */
package io.silkstone.log.aeroncluster;
