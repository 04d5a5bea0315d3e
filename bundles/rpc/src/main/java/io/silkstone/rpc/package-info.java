/**
 * Requests and replies between processes, over whatever {@link
 * io.silkstone.api.transport.Transport} there is. Start at {@link io.silkstone.rpc.Rpc}: a {@link
 * io.silkstone.rpc.Call} is a request of ours to a {@link io.silkstone.rpc.Peer}, a {@link
 * io.silkstone.rpc.Request} is one of another process, for a {@link io.silkstone.rpc.Service}. What
 * is in them is encoded and decoded by the generated classes of {@code io.silkstone.rpc.messages}.
 */
@Export
@Version("1.0.0")
package io.silkstone.rpc;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
