/**
 * Stand-ins for what a coordinator stands on, whose faults are drawn from a seed: a disk, and a log
 * that several replicas share.
 */
package io.silkstone.coordinator.simulation;
