package io.silkstone.shell.scopes;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.KvStore.Tablet;
import io.silkstone.shell.command.Call;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.Command.Completion;
import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.command.CommandScope;
import io.silkstone.shell.command.Required;
import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Details;
import io.silkstone.shell.format.Table;
import io.silkstone.shell.format.Text;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Lists, creates and drops tables. */
public final class TableCommands implements CommandScope {
    private static final String SCOPE = "table";
    private static final String NAME = "NAME";
    private static final String TABLETS = "--tablets";
    private static final String REPLICAS = "--replicas";
    private static final String FORCE = "--force";
    private static final int TABLETS_MAX = 16_384;
    private static final int REPLICAS_MAX = 3;

    private final Required<KvStore> store;
    private final Supplier<Cluster> cluster;

    /** Works on what these give at the time of each call; no cluster in a node that is alone. */
    public TableCommands(Supplier<KvStore> store, Supplier<Cluster> cluster) {
        this.store = new Required<>("store", store);
        this.cluster = cluster;
    }

    @Override
    public List<Command> commands() {
        return List.of(
                Command.named(SCOPE, "list")
                        .says("Lists the tables.")
                        .example("table:list")
                        .does(call -> list()),
                Command.named(SCOPE, "create")
                        .says("Creates a table.")
                        .takes(NAME, Completion.NONE)
                        .option(
                                TABLETS,
                                "N",
                                "begins with so many tablets, a power of two up to 16384 (1)",
                                Completion.NONE)
                        .option(
                                REPLICAS,
                                "N",
                                "so many other servers of the cluster keep what is written to it, 0"
                                        + " to 3 (as tables of the cluster have it)",
                                Completion.NONE)
                        .example("table:create sessions --tablets 4")
                        .example("table:create orders --replicas 2")
                        .does(this::create),
                Command.named(SCOPE, "drop")
                        .says("Drops a table with all its objects; `default` stays.")
                        .takes(NAME, before -> names(store.orNull()))
                        .flag(FORCE, "drops it although it holds objects")
                        .example("table:drop sessions --force")
                        .does(this::drop));
    }

    /** The names of all tables, for completion. */
    static List<String> names(KvStore store) {
        return store == null
                ? List.of()
                : store.tables().stream().map(KvStore.Table::name).sorted().toList();
    }

    private Answer list() throws CommandRefused {
        KvStore present = store.now();
        Map<String, Long> tablets =
                present.tablets().stream()
                        .collect(Collectors.groupingBy(Tablet::table, Collectors.counting()));
        KvStore.Usage usage = present.usage();
        return Table.of(present.tables())
                .column("id", KvStore.Table::id)
                .column("name", KvStore.Table::name)
                .column("objects", KvStore.Table::objects)
                .column("tablets", table -> tablets.getOrDefault(table.name(), 0L))
                .column("replicas", KvStore.Table::replicas)
                .note(
                        Text.bytes(usage.allocated())
                                + " of "
                                + Text.bytes(usage.capacity())
                                + " allocated, "
                                + Text.bytes(usage.logLive())
                                + " live in the log, "
                                + Text.bytes(usage.hashTables())
                                + " in hash tables");
    }

    private Answer create(Call call) throws Exception {
        int tablets = (int) call.number(TABLETS, 1, 1, TABLETS_MAX);
        if (Integer.bitCount(tablets) != 1) {
            throw new CommandRefused(TABLETS + " must be a power of two, was " + tablets + '.');
        }
        KvStore.Table table = created(call, call.value(NAME), tablets);
        return Details.of()
                .with("id", table.id())
                .with("name", table.name())
                .with("tablets", tablets)
                .with("replicas", table.replicas())
                .saying("Created the table " + table.name() + '.');
    }

    private KvStore.Table created(Call call, String name, int tablets) throws Exception {
        KvStore present = store.now();
        if (!call.has(REPLICAS)) {
            return present.createTable(name, tablets);
        }
        int replicas = (int) call.number(REPLICAS, 0, 0, REPLICAS_MAX);
        ClusterCommands.required(cluster).createTable(name, tablets, replicas);
        KvStore.Table table = present.table(name);
        if (table == null) {
            throw new CommandRefused("The table " + name + " was dropped as soon as it was there.");
        }
        return table;
    }

    private Answer drop(Call call) throws Exception {
        String name = call.value(NAME);
        KvStore present = store.now();
        KvStore.Table table = present.table(name);
        long objects = table == null ? 0 : table.objects();
        boolean droppable = !KvStore.DEFAULT_TABLE.equals(name);
        if (objects > 0 && droppable && !call.has(FORCE)) {
            throw new CommandRefused(
                    "The table "
                            + name
                            + " holds "
                            + (objects == 1 ? "1 object" : objects + " objects")
                            + "; add "
                            + FORCE
                            + (objects == 1 ? " to drop it too." : " to drop them too."));
        }
        present.dropTable(name);
        return Details.of()
                .with("name", name)
                .with("objects", objects)
                .saying(
                        "Dropped the table "
                                + name
                                + " with "
                                + (objects == 1 ? "1 object." : objects + " objects."));
    }
}
