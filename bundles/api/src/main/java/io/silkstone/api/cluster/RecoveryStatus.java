package io.silkstone.api.cluster;

import java.util.List;

/**
 * How far a tablet is that this server reads out of the logs of servers that are down.
 *
 * @param table the table's number
 * @param firstHash lowest hash of the tablet
 * @param lastHash highest hash
 * @param logs the servers whose logs it depends on, ascending
 * @param status what is done for it now, or what that waits for; for people
 * @param nanos how long it has been recovered here
 */
public record RecoveryStatus(
        int table, long firstHash, long lastHash, List<ServerId> logs, String status, long nanos) {
    /** Keeps a list of its own. */
    public RecoveryStatus {
        logs = List.copyOf(logs);
    }
}
