/**
 * A transport over Aeron: shared memory between processes of one host, UDP between hosts, chosen
 * per session. Start at {@link io.silkstone.transport.aeron.AeronTransport}; the handshake that
 * makes two streams a session is in {@link io.silkstone.transport.aeron.Hello}.
 */
package io.silkstone.transport.aeron;
