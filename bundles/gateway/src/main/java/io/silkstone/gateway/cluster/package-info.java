/**
 * What Redis clients are told of the cluster. {@link io.silkstone.gateway.cluster.Routes} answers
 * for one map of the cluster where each slot is served, at the cost of a look at a bit; {@link
 * io.silkstone.gateway.cluster.ClusterReport} puts the same map into the words that Redis has for
 * it. Nothing here knows requests or replies.
 */
package io.silkstone.gateway.cluster;
