/**
 * Requests and replies between processes, over whatever {@link
 * io.silkstone.api.transport.Transport} there is. Start at {@link io.silkstone.rpc.Rpc}.
 */
@Export
@Version("1.0.0")
package io.silkstone.rpc;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
