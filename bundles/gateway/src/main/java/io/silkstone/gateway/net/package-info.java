/**
 * Sockets. Each core has a {@link io.silkstone.gateway.net.SocketPoller}, an event loop of Netty
 * that the core drives itself; a {@link io.silkstone.gateway.net.Connection} belongs to one of them
 * and can be handed to another; a {@link io.silkstone.gateway.net.Listener} sends new connections
 * to the least loaded one.
 */
package io.silkstone.gateway.net;
