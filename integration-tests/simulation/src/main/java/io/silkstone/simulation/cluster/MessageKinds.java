package io.silkstone.simulation.cluster;

import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** The messages of the schema, by number. */
final class MessageKinds {
    private static final Map<Integer, String> NAMES = new TreeMap<>();

    static {
        from(1, "Refusal", "Done", "Ping");
        from(20, "Enlist", "Enlisted", "RenewLease", "LeaseRenewed", "Leave");
        from(25, "GetClusterMap", "ClusterMap", "CreateTable", "DropTable");
        from(29, "SplitTablet", "AssignTablet", "TabletReleased");
        from(32, "OpenLease", "RenewClientLease", "CheckLease", "CloseLease", "Lease");
        from(40, "TakeTablet", "MigrationEnded", "RecallTablet", "RaiseLogEpoch");
        from(44, "AcceptLoss", "MapNews");
        from(60, "Read", "ReadReply", "Change", "ChangeReply", "MultiRead", "MultiReadReply");
        from(66, "WriteAll", "WriteAllReply", "Scan", "ScanReply", "ClearTable");
        from(71, "CountObjects", "GetUsage", "Usage");
        from(80, "MigrateTablet", "PrepareMigration", "MigrationPrepared", "PullResults");
        from(84, "Pull", "Pulled", "PriorityPull", "PullAhead");
        from(88, "BeginCopy", "PullChanges");
        from(90, "WriteReplica", "DropReplicas", "ListReplicas", "ReplicaList", "ReadReplica");
        from(95, "BeginPass", "PassBegun", "PullLog");
        from(100, "GetLoad", "Load");
    }

    private MessageKinds() {}

    private static void from(int first, String... names) {
        for (int index = 0; index < names.length; index++) {
            NAMES.put(first + index, names[index]);
        }
    }

    /** What the schema calls the message with {@code number}. */
    static String name(int number) {
        return NAMES.getOrDefault(number, "unknown");
    }

    /** All of them. */
    static Collection<String> names() {
        return Collections.unmodifiableCollection(NAMES.values());
    }
}
