/**
 * Who is in the cluster and who has what: a deterministic state machine ({@link
 * io.silkstone.coordinator.CoordinatorState}) fed by a {@link
 * io.silkstone.api.cluster.CoordinatorLog}, and the service that its leader offers to servers,
 * clients and operators. Start at {@link io.silkstone.coordinator.Coordinator}.
 */
package io.silkstone.coordinator;
