package io.silkstone.shell.scopes;

import static java.util.stream.Collectors.joining;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.KvStore.Tablet;
import io.silkstone.api.store.TabletLoad;
import io.silkstone.shell.command.Call;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.Command.Completion;
import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.command.CommandScope;
import io.silkstone.shell.command.Required;
import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Details;
import io.silkstone.shell.format.Table;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/** Lists and splits tablets, and gives them to servers of a cluster. */
public final class TabletCommands implements CommandScope {
    private static final String SCOPE = "tablet";
    private static final String TABLE = "TABLE";

    /** A tablet by something that lies in it: a hash slot, or a key hash with 0x before it. */
    static final String PLACE = "SLOT";

    private static final String TABLE_OPTION = "--table";
    private static final String HASH = "--hash";
    private static final String SLOT = "--slot";
    private static final String SERVER = "SERVER";
    private static final String HEXADECIMAL = "0x";
    private static final int HEXADECIMAL_RADIX = 16;

    /** Of a tablet whose server has not answered. */
    private static final String UNKNOWN = "-";

    private final Required<KvStore> store;
    private final Supplier<Cluster> cluster;

    /** Works on what these give at the time of each call; no cluster in a node that is alone. */
    public TabletCommands(Supplier<KvStore> store, Supplier<Cluster> cluster) {
        this.store = new Required<>("store", store);
        this.cluster = cluster;
    }

    @Override
    public List<Command> commands() {
        Completion tables = before -> TableCommands.names(store.orNull());
        return List.of(
                Command.named(SCOPE, "list")
                        .says(
                                "Lists the tablets: who serves which hashes, what is in them, and"
                                        + " how many operations a second they have.")
                        .option(TABLE_OPTION, "NAME", "lists this table only", tables)
                        .example("tablet:list --table default")
                        .does(this::list),
                Command.named(SCOPE, "split")
                        .says("Cuts a tablet in two at a hash slot or at a key hash.")
                        .takes(TABLE, tables)
                        .option(SLOT, "N", "first slot of the second tablet", Completion.NONE)
                        .option(HASH, "0xH", "first hash of the second tablet", Completion.NONE)
                        .example("tablet:split default --slot 8192")
                        .example("tablet:split sessions --hash 0x8000000000000000")
                        .does(this::split),
                Command.named(SCOPE, "assign")
                        .says(
                                "Gives a tablet that is lost or empty to a server of the cluster:"
                                        + " the one with the slot or 0xHASH in it.")
                        .takes(TABLE, tables)
                        .takes(PLACE, before -> places(store.orNull(), before))
                        .takes(SERVER, before -> servers(cluster.get()))
                        .example("tablet:assign default 0x5554000000000000 2")
                        .example("tablet:assign default 8192 2.1")
                        .does(this::assign));
    }

    /** First hashes of the table's tablets that comes {@code before}; none without a store. */
    static List<String> places(KvStore present, List<String> before) {
        return present == null || before.isEmpty()
                ? List.of()
                : present.tablets().stream()
                        .filter(tablet -> tablet.table().equals(before.getFirst()))
                        .map(tablet -> hexadecimal(tablet.firstHash()))
                        .toList();
    }

    /** Who is up; nobody without a cluster. */
    static List<String> servers(Cluster present) {
        return present == null
                ? List.of()
                : present.map().servers().stream()
                        .filter(ClusterMap.Server::up)
                        .map(server -> server.id().toString())
                        .toList();
    }

    private Answer assign(Call call) throws Exception {
        Cluster present = ClusterCommands.required(cluster);
        String table = call.value(TABLE);
        long hash = hash(call);
        ServerId server = server(present.map(), call.value(SERVER));
        present.assignTablet(table, hash, server);
        return Details.of()
                .with("table", table)
                .with("hash", hexadecimal(hash))
                .with("server", server.toString())
                .saying(
                        "Server %s has the tablet of %s with %s."
                                .formatted(server, table, hexadecimal(hash)));
    }

    /** The hash that the argument {@link #PLACE} means. */
    static long hash(Call call) throws CommandRefused {
        String place = call.value(PLACE);
        return place.startsWith(HEXADECIMAL)
                ? hash(place)
                : call.number(PLACE, 0, 0, Key.SLOTS - 1) << Key.SLOT_SHIFT;
    }

    /** The server called {@code word}: such as 2.1, or 2 for whoever has that place now. */
    static ServerId server(ClusterMap map, String word) throws CommandRefused {
        for (ClusterMap.Server server : map.servers()) {
            boolean isMeant =
                    word.equals(server.id().toString())
                            || word.equals(Integer.toString(server.id().index()));
            if (isMeant) {
                return server.id();
            }
        }
        throw new CommandRefused("There is no server " + word + "; see `cluster:servers`.");
    }

    private Answer list(Call call) throws CommandRefused {
        KvStore present = store.now();
        String table = call.value(TABLE_OPTION, "");
        if (!table.isEmpty() && present.table(table) == null) {
            throw new CommandRefused("There is no table " + table + "; see `table:list`.");
        }
        List<Tablet> tablets =
                present.tablets().stream()
                        .filter(tablet -> table.isEmpty() || tablet.table().equals(table))
                        .toList();
        Loads loads = new Loads(present);
        return Table.of(tablets)
                .column("table", Tablet::table)
                .column("first_hash", tablet -> hexadecimal(tablet.firstHash()))
                .column("last_hash", tablet -> hexadecimal(tablet.lastHash()))
                .column("slots", TabletCommands::slots)
                .column("owner", Tablet::owner)
                .column("state", Tablet::state)
                .column("epoch", Tablet::epoch)
                .column("objects", tablet -> loads.say(tablet, TabletLoad::objects))
                .column("bytes", tablet -> loads.say(tablet, TabletLoad::bytes))
                .column("load", tablet -> loads.say(tablet, TabletLoad::operationsPerSecond))
                .column("depends_on", tablet -> dependencies(present, tablet));
    }

    /** What servers have said of their tablets; of those that have not answered nothing is said. */
    private static final class Loads {
        private record Place(int table, long firstHash, long lastHash) {}

        private final Map<Place, TabletLoad> known = new HashMap<>();
        private final KvStore store;

        Loads(KvStore store) {
            this.store = store;
            for (TabletLoad each : store.loads()) {
                known.put(new Place(each.table(), each.firstHash(), each.lastHash()), each);
            }
        }

        Object say(Tablet tablet, ToLongFunction<TabletLoad> figure) {
            KvStore.Table table = store.table(tablet.table());
            TabletLoad load =
                    table == null
                            ? null
                            : known.get(
                                    new Place(table.id(), tablet.firstHash(), tablet.lastHash()));
            return load == null ? UNKNOWN : figure.applyAsLong(load);
        }
    }

    /** The servers that still have something of it: its source, or those whose logs are read. */
    private String dependencies(KvStore present, Tablet tablet) {
        Cluster members = cluster.get();
        KvStore.Table table = present.table(tablet.table());
        if (members == null || table == null) {
            return "";
        }
        ClusterMap.Tablet known = members.map().tablet(table.id(), tablet.firstHash());
        if (known == null) {
            return "";
        }
        if (known.state() == ClusterMap.TabletState.MIGRATING) {
            return known.peer().toString();
        }
        return known.logs().stream().map(ServerId::toString).collect(joining(" "));
    }

    private Answer split(Call call) throws Exception {
        if (call.has(SLOT) == call.has(HASH)) {
            throw new CommandRefused("tablet:split needs either --slot or --hash.");
        }
        long hash =
                call.has(SLOT)
                        ? call.number(SLOT, 0, 0, Key.SLOTS - 1) << Key.SLOT_SHIFT
                        : hash(call.value(HASH));
        String table = call.value(TABLE);
        store.now().splitTablet(table, hash);
        return Details.of()
                .with("table", table)
                .with("hash", hexadecimal(hash))
                .saying("The table " + table + " is cut at " + hexadecimal(hash) + '.');
    }

    private static long hash(String text) throws CommandRefused {
        try {
            if (text.startsWith(HEXADECIMAL)) {
                return Long.parseUnsignedLong(
                        text.substring(HEXADECIMAL.length()), HEXADECIMAL_RADIX);
            }
        } catch (NumberFormatException _) {
            // Answered below, like a missing prefix.
        }
        throw new CommandRefused(
                "A hash must be 0x and up to 16 hexadecimal digits, was '" + text + "'.");
    }

    /** As {@link #hash(Call)} reads it. */
    static String hexadecimal(long hash) {
        return HEXADECIMAL + HexFormat.of().toHexDigits(hash);
    }

    private static String slots(Tablet tablet) {
        int first = Key.slot(tablet.firstHash());
        int last = Key.slot(tablet.lastHash());
        return first == last ? Integer.toString(first) : first + "-" + last;
    }
}
