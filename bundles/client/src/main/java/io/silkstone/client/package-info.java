/**
 * The tables of a cluster for whoever is not their owner: finds the server of each key, follows it
 * when it moves, asks again when answers are lost, and has each change made once all the same.
 * Start at {@link io.silkstone.client.ClusterStore}.
 */
@Export
@Version("1.0.0")
package io.silkstone.client;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
