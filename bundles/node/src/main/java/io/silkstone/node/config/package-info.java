/**
 * Configuration from the files in {@code etc}. {@link io.silkstone.node.config.EtcDirectory} reads
 * them, checks every key against the rules that the bundles carry ({@link
 * io.silkstone.node.config.ConfigSchema}), and only then tells ConfigAdmin. A wrong edit is
 * reported with file, line, key and what is allowed, and the last good values stay in force.
 */
package io.silkstone.node.config;
