/**
 * The gateway: Redis clients over TCP, served from the node's tables. {@link
 * io.silkstone.gateway.RedisGateway} is the whole of it for those who embed a node; {@link
 * io.silkstone.gateway.GatewayComponent} is its shell in OSGi. It knows the store, the threads and
 * the metrics by their contracts alone.
 */
package io.silkstone.gateway;
