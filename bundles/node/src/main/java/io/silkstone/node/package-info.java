/**
 * The node itself: which policy works where, how bundles get in, what the configuration says, how
 * the node is. Each part is a package of its own with plain logic and one thin component; {@link
 * io.silkstone.node.NodeActivator} starts what must be there before any component is: the log, the
 * metrics and the configuration.
 */
package io.silkstone.node;
