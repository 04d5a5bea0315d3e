package io.silkstone.shell.scopes;

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
    private static final String FORCE = "--force";
    private static final int TABLETS_MAX = 16_384;

    private final Required<KvStore> store;

    /** Works on what {@code store} gives at the time of each call. */
    public TableCommands(Supplier<KvStore> store) {
        this.store = new Required<>("store", store);
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
                        .example("table:create sessions --tablets 4")
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
        KvStore.Table table = store.now().createTable(call.value(NAME), tablets);
        return Details.of()
                .with("id", table.id())
                .with("name", table.name())
                .with("tablets", tablets)
                .saying("Created the table " + table.name() + '.');
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
