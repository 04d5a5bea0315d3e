/**
 * Core-aware user threads after Arachne (OSDI'18). Start at {@link
 * io.silkstone.api.threads.ThreadRuntime}; to decide how many cores are used and how an idle core
 * waits, implement {@link io.silkstone.api.threads.CorePolicy}; to serve I/O on the runtime's
 * cores, implement {@link io.silkstone.api.threads.CorePoller}.
 */
@Export
@Version("1.1.0")
package io.silkstone.api.threads;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
