/**
 * Directories of a disk for those who keep something for good: {@link io.silkstone.base.disk.Disk}
 * promises what a file system promises and no more, {@link io.silkstone.base.disk.FileDisk} is one
 * of the machine's own.
 */
@Export
@Version("1.0.0")
package io.silkstone.base.disk;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
