package io.silkstone.shell.scopes;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.KvStore;
import io.silkstone.shell.command.Call;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandScope;
import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Details;
import java.util.List;
import java.util.function.Supplier;

/** Moves tablets between the servers of a cluster while clients use them. */
public final class MigrationCommands implements CommandScope {
    private static final String SCOPE = "migration";
    private static final String TABLE = "TABLE";
    private static final String SERVER = "SERVER";

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
                        .does(this::start));
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
