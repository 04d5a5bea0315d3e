/**
 * The node itself: what it is, how it is, how it is configured, and how bundles get into it. For
 * the shell, the console and INFO.
 */
@Export
@Version("1.0.0")
package io.silkstone.api.node;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
