/**
 * Which policy works in which mechanism. {@link io.silkstone.node.policy.PolicyControl} is the
 * directory, {@link io.silkstone.node.policy.Kind} one kind in it; start there. A switch never
 * leaves a mechanism without a policy: the new one is got and started before the old one is given
 * back.
 */
package io.silkstone.node.policy;
