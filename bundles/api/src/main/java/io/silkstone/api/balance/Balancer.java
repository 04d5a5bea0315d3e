package io.silkstone.api.balance;

import io.silkstone.api.cluster.ClusterRefused;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Has load spread over the servers of a cluster, as a {@link BalanceStrategy} decides. There is one
 * in each node with a coordinator, and the one acts whose coordinator leads. Threads: any that may
 * wait.
 */
@ProviderType
public interface Balancer {
    /**
     * Asks servers and strategy now, and does nothing of what the strategy wants.
     *
     * @throws ClusterRefused when the coordinator of this node does not lead; says where to ask
     */
    BalanceView look() throws ClusterRefused;

    /**
     * Begins to spread load, or ends: until this node is configured anew, starts again, or its
     * coordinator does not lead any more. What is under way goes on.
     *
     * @throws ClusterRefused when the coordinator of this node does not lead; says where to ask
     */
    void enable(boolean enabled) throws ClusterRefused;
}
