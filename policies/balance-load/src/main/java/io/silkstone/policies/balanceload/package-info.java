/**
 * Spreads load by moving tablets from the busiest server to the idlest. Read {@link
 * io.silkstone.policies.balanceload.LoadStrategy}; the component only gives it its settings.
 */
package io.silkstone.policies.balanceload;
