package io.silkstone.coordinator;

import io.silkstone.api.store.Key;
import io.silkstone.base.Checks;
import java.util.concurrent.TimeUnit;

/**
 * Times and first sizes of a cluster.
 *
 * @param serverLeaseNanos how long a server's lease lasts, counted from when it asked; for servers
 *     that enlist from now on
 * @param marginNanos how much longer than that, clocks that run differently apart, a server may be
 *     silent before it counts as down
 * @param returnNanos how much longer servers that were up may be silent when a coordinator begins
 *     to lead: to whoever has to find it first, lest all of them lose what they hold
 * @param clientLeaseMillis how long a client's lease lasts at least, when it has been renewed
 * @param serversFirst how many servers a new cluster waits for until its default table is made
 * @param tabletsFirst tablets of that table; 0 for one a server
 * @param tableReplicas how many servers besides a table's own keep what is written to it, for
 *     tables of a new cluster of which nothing else is said; {@link #AUTOMATIC} for as many as suit
 *     the servers that it waits for
 * @param recoveryParts into what tablets of a server are cut that goes down
 */
public record CoordinatorOptions(
        long serverLeaseNanos,
        long marginNanos,
        long returnNanos,
        long clientLeaseMillis,
        int serversFirst,
        int tabletsFirst,
        int tableReplicas,
        RecoveryParts recoveryParts) {
    /** Replicas that follow from the number of servers. */
    public static final int AUTOMATIC = -1;

    /** What {@link #AUTOMATIC} comes to in a cluster that has servers enough. */
    static final int AUTOMATIC_REPLICAS = 2;

    /** For a cluster that begins with one server. */
    public static final CoordinatorOptions DEFAULT =
            new CoordinatorOptions(
                    TimeUnit.SECONDS.toNanos(20),
                    TimeUnit.MILLISECONDS.toNanos(50),
                    TimeUnit.SECONDS.toNanos(10),
                    TimeUnit.MINUTES.toMillis(30),
                    1,
                    0,
                    AUTOMATIC,
                    RecoveryParts.DEFAULT);

    private static final long MILLI = 1_000_000;

    /** Checks every value. */
    public CoordinatorOptions {
        Checks.inRange("server.lease.ms", serverLeaseNanos / MILLI, 50, 60_000);
        Checks.inRange("server.margin.ms", marginNanos / MILLI, 1, 60_000);
        Checks.inRange("server.return.ms", returnNanos / MILLI, 0, 600_000);
        Checks.inRange("client.lease.ms", clientLeaseMillis, 1_000, 86_400_000);
        Checks.inRange("servers.first", serversFirst, 1, Membership.SERVERS_MAX);
        Checks.inRange("tablets.first", tabletsFirst, 0, Key.SLOTS);
        Checks.inRange("table.replicas", tableReplicas, AUTOMATIC, Tablets.REPLICAS_MAX);
    }

    /** Replicas of a new cluster's tables of which nothing else is said. */
    int replicasFirst() {
        return tableReplicas == AUTOMATIC
                ? Math.min(AUTOMATIC_REPLICAS, serversFirst - 1)
                : tableReplicas;
    }

    /** With another patience of a coordinator that begins. */
    public CoordinatorOptions withReturnNanos(long nanos) {
        return new CoordinatorOptions(
                serverLeaseNanos,
                marginNanos,
                nanos,
                clientLeaseMillis,
                serversFirst,
                tabletsFirst,
                tableReplicas,
                recoveryParts);
    }

    /** With another number of servers to wait for. */
    public CoordinatorOptions withServersFirst(int servers) {
        return new CoordinatorOptions(
                serverLeaseNanos,
                marginNanos,
                returnNanos,
                clientLeaseMillis,
                servers,
                tabletsFirst,
                tableReplicas,
                recoveryParts);
    }

    /** With another number of tablets to begin with. */
    public CoordinatorOptions withTabletsFirst(int tablets) {
        return new CoordinatorOptions(
                serverLeaseNanos,
                marginNanos,
                returnNanos,
                clientLeaseMillis,
                serversFirst,
                tablets,
                tableReplicas,
                recoveryParts);
    }

    /** With another number of replicas. */
    public CoordinatorOptions withTableReplicas(int replicas) {
        return new CoordinatorOptions(
                serverLeaseNanos,
                marginNanos,
                returnNanos,
                clientLeaseMillis,
                serversFirst,
                tabletsFirst,
                replicas,
                recoveryParts);
    }

    /** With other parts of tablets of a server that goes down. */
    public CoordinatorOptions withRecoveryParts(RecoveryParts parts) {
        return new CoordinatorOptions(
                serverLeaseNanos,
                marginNanos,
                returnNanos,
                clientLeaseMillis,
                serversFirst,
                tabletsFirst,
                tableReplicas,
                parts);
    }
}
