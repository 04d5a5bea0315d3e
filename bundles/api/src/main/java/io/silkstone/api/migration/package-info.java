/**
 * How a tablet moves from one server of a cluster to another. To decide it, implement {@link
 * io.silkstone.api.migration.MigrationStrategy}: the mechanism keeps the protocol, whatever a
 * strategy says.
 */
@Export
@Version("1.4.0")
package io.silkstone.api.migration;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
