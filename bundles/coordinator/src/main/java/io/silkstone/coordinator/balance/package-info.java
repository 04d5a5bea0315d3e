/**
 * Has tablets move so that no server has much more to do than the others: {@link
 * io.silkstone.coordinator.balance.LoadBalancer}. Beside the coordinator and not a part of it:
 * nothing here is in its log.
 */
package io.silkstone.coordinator.balance;
