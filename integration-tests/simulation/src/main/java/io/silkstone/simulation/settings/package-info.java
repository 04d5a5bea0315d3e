/**
 * What a scenario can be told: {@link io.silkstone.simulation.settings.Setting}s with their
 * defaults, how their values are written in a file, and what a seed draws from them.
 */
package io.silkstone.simulation.settings;
