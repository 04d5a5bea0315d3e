package io.silkstone.shell.scopes;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.MigrationStatus;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.KvStore;
import io.silkstone.shell.command.Call;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandScope;
import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Details;
import io.silkstone.shell.format.Table;
import java.util.List;
import java.util.function.Supplier;

/** Moves tablets between the servers of a cluster while clients use them. */
public final class MigrationCommands implements CommandScope {
    private static final String SCOPE = "migration";
    private static final String TABLE = "TABLE";
    private static final String SERVER = "SERVER";
    private static final int BYTES_PER_MEGABYTE = 1_000_000;

    private final Supplier<KvStore> store;
    private final Supplier<Cluster> cluster;

    /** Works on what these give at the time of each call; no cluster in a node that is alone. */
    public MigrationCommands(Supplier<KvStore> store, Supplier<Cluster> cluster) {
        this.store = store;
        this.cluster = cluster;
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
                        .example("migration:start default 0x5554000000000000 2")
                        .example("migration:start default 8192 2.1")
                        .does(this::start),
                Command.named(SCOPE, "list")
                        .says("Lists the tablets that are on their way to this node, and how far.")
                        .example("migration:list")
                        .does(this::list),
                Command.named(SCOPE, "pause")
                        .says(
                                "Fetches only what clients ask for of the tablets on their way to"
                                        + " this node, until migration:resume.")
                        .example("migration:pause")
                        .does(call -> pause(true)),
                Command.named(SCOPE, "resume")
                        .says("Goes on with what migration:pause stopped.")
                        .example("migration:resume")
                        .does(call -> pause(false)));
    }

    private Answer list(Call call) throws Exception {
        Cluster present = ClusterCommands.required(cluster);
        return Table.of(present.migrations())
                .column("table", each -> ClusterCommands.tableName(present.map(), each.table()))
                .column("first_hash", each -> TabletCommands.hexadecimal(each.firstHash()))
                .column("last_hash", each -> TabletCommands.hexadecimal(each.lastHash()))
                .column("source", MigrationStatus::source)
                .column("state", each -> each.paused() ? "paused" : "moving")
                .column("objects", MigrationStatus::objects)
                .column("progress", MigrationCommands::bar)
                .column("mb_per_second", each -> Math.round(megabytesPerSecond(each)))
                .column("seconds_left", MigrationCommands::secondsLeft)
                .data("bytes", MigrationStatus::bytes)
                .data("bytes_expected", MigrationStatus::bytesExpected);
    }

    /** In tenths, and in percent: what is expected is an estimate, so it ends with 99. */
    private static String bar(MigrationStatus status) {
        long expected = Math.max(1, status.bytesExpected());
        int percent = (int) Math.min(99, status.bytes() * 100 / expected);
        return "["
                + "#".repeat(percent / 10)
                + ".".repeat(10 - percent / 10)
                + "] "
                + percent
                + "%";
    }

    private static double megabytesPerSecond(MigrationStatus status) {
        return status.bytes() * 1_000.0 / Math.max(1, status.nanos());
    }

    private static long secondsLeft(MigrationStatus status) {
        long left = Math.max(0, status.bytesExpected() - status.bytes());
        double perSecond = Math.max(1, megabytesPerSecond(status) * BYTES_PER_MEGABYTE);
        return (long) Math.ceil(left / perSecond);
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
        long epoch = present.migrateTablet(table, hash, server);
        String place = TabletCommands.hexadecimal(hash);
        return Details.of()
                .with("table", table)
                .with("hash", place)
                .with("server", server.toString())
                .with("epoch", epoch)
                .saying(
                        "Server %s serves the tablet of %s with %s; its objects follow."
                                .formatted(server, table, place));
    }
}
