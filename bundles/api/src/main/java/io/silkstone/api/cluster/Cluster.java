package io.silkstone.api.cluster;

import io.silkstone.api.migration.MigrationPace;
import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** A node's view of its cluster, and what an operator can ask of it. Threads: any. */
@ProviderType
public interface Cluster {
    /** As many replicas as tables of the cluster have when nothing is said. */
    int DEFAULT_REPLICAS = -1;

    /** The newest map that this node has heard of; {@link ClusterMap#NONE} before the first. */
    ClusterMap map();

    /** Who this node is; {@link ServerId#NONE} while it is no member. */
    ServerId self();

    /** Whether this node may serve now: whether it has a lease. */
    boolean isMember();

    /**
     * Whether this node serves the keys of hash {@code hash}, or is about to, as far as it knows by
     * itself: a tablet that has just come is known here before a {@link #map} says so.
     */
    default boolean hasTaken(int table, long hash) {
        return false;
    }

    /**
     * Where this node last found the coordinator that leads, or looks for it: the address of a
     * transport.
     */
    String coordinator();

    /** In a few words: what the membership is like, for health checks and people. */
    String status();

    /**
     * Creates a table of {@code tablets} equal ranges (0 for one per server), given to the servers
     * in turn. Waits for the coordinator.
     *
     * @param replicas how many other servers are to keep what is written to it, 0 to 3; or {@link
     *     #DEFAULT_REPLICAS}
     * @throws ClusterRefused when the name is taken or wrong, there are no servers, or the
     *     coordinator does not answer in time
     */
    void createTable(String name, int tablets, int replicas) throws ClusterRefused;

    /**
     * Drops a table and all its objects.
     *
     * @throws ClusterRefused when there is none, it is the default table, or nobody answers
     */
    void dropTable(String name) throws ClusterRefused;

    /**
     * Cuts a tablet so that {@code hash} is the first of the second part.
     *
     * @throws ClusterRefused when that is not possible, or nobody answers
     */
    void splitTablet(String table, long hash) throws ClusterRefused;

    /**
     * Gives the tablet in which {@code hash} lies to {@code server}: one that is lost, or one that
     * has no objects. Returns when the server has it.
     *
     * @throws ClusterRefused when it has objects, the server is not up, or nobody answers in time
     */
    void assignTablet(String table, long hash, ServerId server) throws ClusterRefused;

    /**
     * Moves the tablet in which {@code hash} lies to {@code server} while clients go on using it.
     * Returns when the server serves it, which is before all of its objects have come: what is
     * asked for comes first. If that server's strategy copies it first, it returns when the copying
     * has begun, and nobody serves the tablet until it is over.
     *
     * @param bytesPerSecondMax how much of what nobody has asked for may come in a second, whatever
     *     that server's strategy says; 0 to leave it to the strategy, and what is below {@link
     *     MigrationPace#BYTES_PER_SECOND_MIN} counts as that
     * @return the epoch in which the server has the tablet; 0 when it is copied first
     * @throws ClusterRefused when the server has it already or cannot take it now, or nobody
     *     answers in time; then it may still come about
     */
    long migrateTablet(String table, long hash, ServerId server, long bytesPerSecondMax)
            throws ClusterRefused;

    /** As the other, as fast as that server's strategy says. */
    default long migrateTablet(String table, long hash, ServerId server) throws ClusterRefused {
        return migrateTablet(table, hash, server, 0);
    }

    /**
     * Has the tablets that depend on the log of {@code server}, which is down, be recovered from
     * what is left of it. What is missing is lost: objects and changes of objects, also that some
     * were removed. Of changes that were under way nobody can say any more whether they were made.
     *
     * @return how many tablets that concerns
     * @throws ClusterRefused when no tablet depends on that log, or nobody answers in time
     */
    int acceptLoss(ServerId server) throws ClusterRefused;

    /** The tablets that are on their way to this node. */
    default List<MigrationStatus> migrations() {
        return List.of();
    }

    /** The tablets that this node recovers. */
    default List<RecoveryStatus> recoveries() {
        return List.of();
    }

    /**
     * Fetches only what clients ask for of tablets that are on their way to this node, or all of
     * them again.
     *
     * @return how many tablets that concerns
     */
    default int pauseMigrations(boolean pause) {
        return 0;
    }

    /**
     * Has tablets stay where they are that are on their way to this node and not its own yet, as
     * those that are copied first. The others cannot be called back: they can be moved back when
     * they have come.
     *
     * @return how many tablets stay where they are
     */
    default int cancelMigrations() {
        return 0;
    }
}
