package io.silkstone.shell.scopes;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.MigrationStatus;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.KvStore;
import io.silkstone.shell.command.Call;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.Command.Completion;
import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.command.CommandScope;
import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Details;
import io.silkstone.shell.format.Table;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Moves tablets between the servers of a cluster while clients use them. */
public final class MigrationCommands implements CommandScope {
    private static final String SCOPE = "migration";
    private static final String TABLE = "TABLE";
    private static final String SERVER = "SERVER";
    private static final String RATE = "--rate";
    private static final int BYTES_PER_MEGABYTE = 1_000_000;
    private static final int RATE_MAX = 1_000_000;
    private static final int BAR_LENGTH = 10;

    private final Supplier<KvStore> store;
    private final Supplier<Cluster> cluster;
    private final MigrationWatch.Pause pause;

    /**
     * Works on what these give at the time of each call; no cluster in a node that is alone.
     *
     * @param pause between two looks at what takes long
     */
    MigrationCommands(
            Supplier<KvStore> store, Supplier<Cluster> cluster, MigrationWatch.Pause pause) {
        this.store = store;
        this.cluster = cluster;
        this.pause = pause;
    }

    @Override
    public List<Command> commands() {
        return List.of(
                Command.named(SCOPE, "start")
                        .says(
                                "Moves a tablet to a server of the cluster while it is used: the"
                                        + " one with the slot or 0xHASH in it.")
                        .takes(TABLE, before -> TableCommands.names(store.get()))
                        .takes(
                                TabletCommands.PLACE,
                                before -> TabletCommands.places(store.get(), before))
                        .takes(SERVER, before -> TabletCommands.servers(cluster.get()))
                        .option(
                                RATE,
                                "MB",
                                "fetches at most so many megabytes a second, whatever the strategy"
                                        + " says",
                                Completion.NONE)
                        .example("migration:start default 0x5554000000000000 2")
                        .example("migration:start default 0 2 --rate 20")
                        .example("migration:start default 8192 2.1")
                        .does(this::start),
                Command.named(SCOPE, "list")
                        .says("Lists the tablets that are on their way to this node, and how far.")
                        .example("migration:list")
                        .does(this::list),
                Command.named(SCOPE, "watch")
                        .says(
                                "Shows how far a tablet on its way to this node is until it has"
                                        + " come, and fails if it does not.")
                        .mayTake(TABLE, before -> TableCommands.names(store.get()))
                        .mayTake(
                                TabletCommands.PLACE,
                                before -> TabletCommands.places(store.get(), before))
                        .example("migration:watch")
                        .example("migration:watch default 0x5554000000000000")
                        .does(this::watch),
                Command.named(SCOPE, "pause")
                        .says(
                                "Fetches only what clients ask for of the tablets on their way to"
                                        + " this node, until migration:resume.")
                        .example("migration:pause")
                        .does(call -> pause(true)),
                Command.named(SCOPE, "resume")
                        .says("Goes on with what migration:pause stopped.")
                        .example("migration:resume")
                        .does(call -> pause(false)),
                Command.named(SCOPE, "cancel")
                        .says(
                                "Has tablets stay where they are that are being copied to this"
                                        + " node and not served by it yet.")
                        .example("migration:cancel")
                        .does(call -> cancel()));
    }

    private Answer list(Call call) throws Exception {
        Cluster present = ClusterCommands.required(cluster);
        return Table.of(present.migrations())
                .column("table", each -> table(present.map(), each))
                .column("first_hash", each -> TabletCommands.hexadecimal(each.firstHash()))
                .column("last_hash", each -> TabletCommands.hexadecimal(each.lastHash()))
                .column("source", MigrationStatus::source)
                .column("state", MigrationCommands::state)
                .column("objects", MigrationStatus::objects)
                .column("progress", each -> bar(each, BAR_LENGTH))
                .column("mb_per_second", each -> Math.round(megabytesPerSecond(each)))
                .column("seconds_left", MigrationCommands::secondsLeft)
                .column("rate", MigrationCommands::rate)
                .data("strategy", MigrationStatus::strategy)
                .data("bytes", MigrationStatus::bytes)
                .data("bytes_expected", MigrationStatus::bytesExpected);
    }

    private Answer watch(Call call) throws Exception {
        Cluster present = ClusterCommands.required(cluster);
        return new MigrationWatch(present, watched(present, call), call.progress(), pause).run();
    }

    /** The one that the call means, or the only one. */
    private static MigrationStatus watched(Cluster present, Call call) throws CommandRefused {
        ClusterMap map = present.map();
        List<MigrationStatus> meant = present.migrations();
        String what = "No tablet";
        if (call.has(TABLE)) {
            String name = call.value(TABLE);
            ClusterMap.Table table = map.table(name);
            if (table == null) {
                throw new CommandRefused("There is no table " + name + "; see `table:list`.");
            }
            what = "No tablet of " + name;
            meant = meant.stream().filter(each -> each.table() == table.id()).toList();
            if (call.has(TabletCommands.PLACE)) {
                long hash = TabletCommands.hash(call);
                Tablet tablet = map.tablet(table.id(), hash);
                what += " with " + TabletCommands.hexadecimal(hash);
                meant = meant.stream().filter(each -> contains(each, hash)).toList();
                boolean isElsewhere =
                        meant.isEmpty()
                                && tablet != null
                                && tablet.state() == TabletState.MIGRATING
                                && !tablet.owner().equals(present.self());
                if (isElsewhere) {
                    throw new CommandRefused(
                            "The tablet is on its way to server %s; watch it in that node."
                                    .formatted(tablet.owner()));
                }
            }
        }
        if (meant.isEmpty()) {
            // Servers are called by the order in which they came, and not like their homes.
            throw new CommandRefused(
                    "%s is on its way to this node, which is server %s."
                            .formatted(what, present.self()));
        }
        if (meant.size() > 1) {
            throw new CommandRefused(
                    "%d tablets are on their way to this node; say which: %s."
                            .formatted(
                                    meant.size(),
                                    meant.stream()
                                            .map(each -> place(map, each))
                                            .collect(Collectors.joining(", "))));
        }
        return meant.getFirst();
    }

    private static boolean contains(MigrationStatus status, long hash) {
        return Long.compareUnsigned(status.firstHash(), hash) <= 0
                && Long.compareUnsigned(hash, status.lastHash()) <= 0;
    }

    static String table(ClusterMap map, MigrationStatus status) {
        return ClusterCommands.tableName(map, status.table());
    }

    /** Its table and its first hash. */
    static String place(ClusterMap map, MigrationStatus status) {
        return table(map, status) + ' ' + TabletCommands.hexadecimal(status.firstHash());
    }

    /** What is expected is an estimate, so it ends with 99 percent. */
    static String bar(MigrationStatus status, int length) {
        long expected = Math.max(1, status.bytesExpected());
        int percent = (int) Math.min(99, status.bytes() * 100 / expected);
        int done = percent * length / 100;
        return "[" + "#".repeat(done) + ".".repeat(length - done) + "] " + percent + "%";
    }

    static double megabytesPerSecond(MigrationStatus status) {
        return status.bytes() * 1_000.0 / Math.max(1, status.nanos());
    }

    /** What was said with {@code --rate}; empty when nothing was. */
    private static String rate(MigrationStatus status) {
        long megabytes = status.bytesPerSecondMax() / BYTES_PER_MEGABYTE;
        return status.bytesPerSecondMax() == 0 ? "" : Long.toString(megabytes);
    }

    static long secondsLeft(MigrationStatus status) {
        long left = Math.max(0, status.bytesExpected() - status.bytes());
        double perSecond = Math.max(1, megabytesPerSecond(status) * BYTES_PER_MEGABYTE);
        return (long) Math.ceil(left / perSecond);
    }

    private static String state(MigrationStatus status) {
        if (status.copying()) {
            return "copying";
        }
        return status.paused() ? "paused" : "moving";
    }

    private Answer cancel() throws Exception {
        Cluster present = ClusterCommands.required(cluster);
        int count = present.cancelMigrations();
        long others = present.migrations().stream().filter(each -> !each.copying()).count();
        String stay =
                switch (count) {
                    case 0 -> "No tablet is being copied to this node.";
                    case 1 -> "1 tablet stays where it is.";
                    default -> count + " tablets stay where they are.";
                };
        String rest =
                switch ((int) others) {
                    case 0 -> "";
                    case 1 -> " 1 is this node's already: move it back when all has come.";
                    default ->
                            " %d are this node's already: move them back when all has come."
                                    .formatted(others);
                };
        return Details.of().with("tablets", count).with("others", others).saying(stay + rest);
    }

    private Answer pause(boolean pause) throws Exception {
        int count = ClusterCommands.required(cluster).pauseMigrations(pause);
        return Details.of()
                .with("tablets", count)
                .with("paused", pause)
                .saying(
                        count == 0
                                ? "No tablet is on its way to this node."
                                : "%d %s %s."
                                        .formatted(
                                                count,
                                                count == 1 ? "tablet" : "tablets",
                                                pause
                                                        ? "paused: only what clients ask for comes"
                                                        : "on the way again"));
    }

    private Answer start(Call call) throws Exception {
        Cluster present = ClusterCommands.required(cluster);
        String table = call.value(TABLE);
        long hash = TabletCommands.hash(call);
        ServerId server = TabletCommands.server(present.map(), call.value(SERVER));
        long megabytes = call.number(RATE, 0, 1, RATE_MAX);
        long epoch = present.migrateTablet(table, hash, server, megabytes * BYTES_PER_MEGABYTE);
        String place = TabletCommands.hexadecimal(hash);
        return Details.of()
                .with("table", table)
                .with("hash", place)
                .with("server", server.toString())
                .with("epoch", epoch)
                .saying(
                        (epoch == 0
                                        ? "Server %s copies the tablet of %s with %s, and serves it"
                                                + " when all of it is there."
                                        : "Server %s serves the tablet of %s with %s; its objects"
                                                + " follow.")
                                .formatted(server, table, place));
    }
}
