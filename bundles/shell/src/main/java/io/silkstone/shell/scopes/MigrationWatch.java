package io.silkstone.shell.scopes;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.MigrationStatus;
import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.command.Progress;
import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Details;

/**
 * Looks at a tablet on its way to this node until it is there, or will not come. For one thread.
 */
final class MigrationWatch {
    private static final long PAUSE_MILLIS = 200;

    /** Where lines are not rewritten there is one a second. */
    private static final int LOOKS_A_LINE = 5;

    /** So long the map may not say yet how it has ended: ten seconds. */
    private static final int LOOKS_MAX = 50;

    private static final int BAR_LENGTH = 20;

    private final Cluster cluster;
    private final Progress progress;
    private final Pause pause;
    private final String place;
    private MigrationStatus status;

    /** Lets time pass. */
    @FunctionalInterface
    interface Pause {
        /** Waits for so long. */
        void millis(long millis) throws InterruptedException;
    }

    /** Of the migration that {@code status} is of. */
    MigrationWatch(Cluster cluster, MigrationStatus status, Progress progress, Pause pause) {
        this.cluster = cluster;
        this.status = status;
        this.progress = progress;
        this.pause = pause;
        place = MigrationCommands.place(cluster.map(), status);
    }

    /**
     * Returns when the tablet is here.
     *
     * @throws CommandRefused when it ended otherwise
     */
    Answer run() throws CommandRefused, InterruptedException {
        int looks = 0;
        for (MigrationStatus now = status; now != null; now = look()) {
            status = now;
            if (progress.isLive() || looks % LOOKS_A_LINE == 0) {
                progress.show(line());
            }
            looks++;
            pause.millis(PAUSE_MILLIS);
        }
        for (looks = 0; looks < LOOKS_MAX && isUndecided(); looks++) {
            pause.millis(PAUSE_MILLIS);
        }
        return end();
    }

    /** How far it is now; null when it is on its way no more. */
    private MigrationStatus look() {
        return cluster.migrations().stream()
                .filter(
                        each ->
                                each.table() == status.table()
                                        && each.firstHash() == status.firstHash()
                                        && each.lastHash() == status.lastHash()
                                        && each.source().equals(status.source()))
                .findFirst()
                .orElse(null);
    }

    /** What matters most comes first. */
    private String line() {
        return "%s  %d MB/s  %s  %s"
                .formatted(
                        MigrationCommands.bar(status, BAR_LENGTH),
                        Math.round(MigrationCommands.megabytesPerSecond(status)),
                        timeLeft(),
                        place);
    }

    private String timeLeft() {
        if (status.paused()) {
            return "paused";
        }
        return status.bytes() == 0 ? "begins" : MigrationCommands.secondsLeft(status) + " s left";
    }

    private Tablet tablet() {
        return cluster.map().tablet(status.table(), status.firstHash());
    }

    private boolean isUndecided() {
        Tablet tablet = tablet();
        return tablet != null
                && tablet.owner().equals(cluster.self())
                && tablet.state() == TabletState.MIGRATING;
    }

    private Answer end() throws CommandRefused {
        Tablet tablet = tablet();
        require(tablet != null, "The table was dropped while " + place + " was on its way.");
        require(
                tablet.owner().equals(cluster.self()),
                "The tablet "
                        + place
                        + " has not come: it is with server "
                        + tablet.owner()
                        + ", see `tablet:list`.");
        require(
                tablet.state() != TabletState.MIGRATING,
                "It is not known yet how " + place + " has come; see `tablet:list`.");
        String source = "Server " + status.source() + " went down before all of " + place;
        require(
                tablet.state() != TabletState.RECOVERING,
                source + " had come; the rest is read out of its log, see `recovery:list`.");
        require(
                isUp() || hasReplicas(),
                source + " had come for certain; what had not come is lost.");
        return Details.of()
                .with("table", MigrationCommands.table(cluster.map(), status))
                .with("first_hash", TabletCommands.hexadecimal(status.firstHash()))
                .with("source", status.source().toString())
                .with("objects", status.objects())
                .with("bytes", status.bytes())
                .saying("The tablet " + place + " has come from server " + status.source() + '.');
    }

    private boolean isUp() {
        Server server = cluster.map().server(status.source());
        return server != null && server.up();
    }

    private boolean hasReplicas() {
        return cluster.map().tables().stream()
                .filter(each -> each.id() == status.table())
                .mapToInt(ClusterMap.Table::replicas)
                .anyMatch(replicas -> replicas > 0);
    }

    private static void require(boolean holds, String refusal) throws CommandRefused {
        if (!holds) {
            throw new CommandRefused(refusal);
        }
    }
}
