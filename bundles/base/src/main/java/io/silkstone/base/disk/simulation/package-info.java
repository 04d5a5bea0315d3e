/** Stand-ins for disks: what they keep and when they fail is drawn from a seed. For tests. */
package io.silkstone.base.disk.simulation;
