/**
 * Rocksteady's way of moving tablets, with each of the paper's ablations as a setting. Read {@link
 * io.silkstone.policies.migrationrocksteady.RocksteadyStrategy}; the component only gives it its
 * settings.
 */
package io.silkstone.policies.migrationrocksteady;
