/**
 * The servers of a cluster and who has what. {@link io.silkstone.api.cluster.ClusterMap} says it
 * for one moment, {@link io.silkstone.api.cluster.Cluster} is a node's part in it, and {@link
 * io.silkstone.api.cluster.CoordinatorLog} is where the coordinator keeps what it decides: others
 * can plug in their own by a {@link io.silkstone.api.cluster.CoordinatorLogFactory}.
 */
@Export
@Version("2.4.0")
package io.silkstone.api.cluster;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
