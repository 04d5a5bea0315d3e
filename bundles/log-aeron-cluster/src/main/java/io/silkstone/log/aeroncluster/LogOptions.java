package io.silkstone.log.aeroncluster;

import io.silkstone.base.Checks;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What a member of the log has to know.
 *
 * @param members all of them, in the same order everywhere
 * @param member which of them this is, from 1
 * @param data where the log is kept
 * @param memory where buffers are, in memory; a directory of this log's own is made there
 * @param foundsFromJournal whether a log with nothing in it waits for the member that has the
 *     journal of a coordinator that was alone
 * @param sync whether what is told as committed was made safe on the disks of a majority
 * @param snapshotCommands after so many commands a snapshot is written, and what is before it goes
 * @param proposalsMax how many commands may be under way
 * @param commandBytesMax longest command
 * @param heartbeatNanos a leader that is silent for so long is given up
 * @param proposalNanos a command that was not committed after so long ends without result
 * @param livenessNanos a stall that Aeron survives; after a longer one the member begins anew
 */
record LogOptions(
        List<Endpoint> members,
        int member,
        Path data,
        Path memory,
        boolean foundsFromJournal,
        boolean sync,
        int snapshotCommands,
        int proposalsMax,
        int commandBytesMax,
        long heartbeatNanos,
        long proposalNanos,
        long livenessNanos) {
    static final int COMMAND_BYTES_MOST = 64 << 10;

    /** Checks every value. */
    LogOptions {
        Checks.require(
                members.size() == 3 || members.size() == 5,
                "members must be three or five, was %d",
                members.size());
        Checks.inRange("member", member, 1, members.size());
        Checks.inRange("snapshot.commands", snapshotCommands, 1, 1_000_000);
        Checks.inRange("proposals.max", proposalsMax, 1, 65_536);
        Checks.inRange("command.bytes", commandBytesMax, 1, COMMAND_BYTES_MOST);
        Checks.inRange(
                "heartbeat.timeout.ms", TimeUnit.NANOSECONDS.toMillis(heartbeatNanos), 300, 60_000);
    }

    /** This member. */
    Endpoint self() {
        return members.get(member - 1);
    }

    /** How many are enough to commit something. */
    int majority() {
        return members.size() / 2 + 1;
    }
}
