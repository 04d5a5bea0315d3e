/** A stand-in for what a coordinator stands on: a log that several replicas share. */
package io.silkstone.coordinator.simulation;
