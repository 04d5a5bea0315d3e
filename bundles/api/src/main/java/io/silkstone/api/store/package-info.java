/**
 * Tables of key-value objects. Start at {@link io.silkstone.api.store.KvStore}; one thread works
 * through one {@link io.silkstone.api.store.KvSession}. Keys and values are bytes in {@link
 * java.lang.foreign.MemorySegment}s; nothing on the path of an operation allocates or throws.
 */
@Export
@Version("2.4.0")
package io.silkstone.api.store;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
