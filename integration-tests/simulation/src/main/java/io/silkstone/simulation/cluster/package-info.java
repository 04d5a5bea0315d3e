/**
 * A whole cluster on one simulated runtime: coordinator, servers, clients and what befalls them.
 */
package io.silkstone.simulation.cluster;
