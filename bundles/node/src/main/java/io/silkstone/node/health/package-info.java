/**
 * How the node is: checks of its own ({@link io.silkstone.node.health.MemoryCheck} and the others),
 * published like everybody's as Felix health checks, and {@link
 * io.silkstone.node.health.CheckRunner}, which asks them all within a bound.
 */
package io.silkstone.node.health;
