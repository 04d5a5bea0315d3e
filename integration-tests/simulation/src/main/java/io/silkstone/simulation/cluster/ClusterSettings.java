package io.silkstone.simulation.cluster;

import io.silkstone.simulation.WorkloadSettings;
import io.silkstone.simulation.settings.Form;
import io.silkstone.simulation.settings.Forms;
import io.silkstone.simulation.settings.Odds;
import io.silkstone.simulation.settings.Quoted;
import io.silkstone.simulation.settings.Range;
import io.silkstone.simulation.settings.Refusal;
import io.silkstone.simulation.settings.Setting;
import io.silkstone.simulation.settings.Settings;
import io.silkstone.simulation.settings.Share;
import io.silkstone.simulation.settings.Timed;
import io.silkstone.simulation.settings.Weights;
import io.silkstone.store.StoreOptions;
import java.util.ArrayList;
import java.util.List;

/** What a {@link ClusterScenario} can be told. */
final class ClusterSettings {
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;
    private static final long MINUTE = 60 * SECOND;
    private static final int SERVERS_MAX = 8;
    private static final int CLIENTS_MAX = 16;
    private static final int TABLETS_MAX = 64;
    private static final long MILLION = 1_000_000;

    private static final List<Setting<?>> ALL = new ArrayList<>();

    static final Setting<Range> SERVERS =
            add("servers", "1..4", Forms.numbers(1, SERVERS_MAX), "servers, numbered from 1");

    static final Setting<Range> CLIENTS =
            add("clients", "1..4", Forms.numbers(1, CLIENTS_MAX), "clients, numbered from 0");

    static final Setting<Long> SERVER_MEMORY_SIZE =
            add(
                    "server.memory.size",
                    "32 MiB",
                    Forms.size(StoreOptions.MEMORY_BYTES_MIN, 256 << 20),
                    "memory of each server's store");

    static final Setting<Range> TABLE_REPLICAS =
            add(
                    "table.replicas",
                    "0",
                    Forms.numbers(0, 3),
                    "replicas of what is written to tables, on other servers");

    static final Setting<Range> RECOVERY_PARTS =
            add(
                    "recovery.parts",
                    "1",
                    Forms.numbers(1, 64),
                    "parts into which a tablet is cut at most when its server goes down");

    static final Setting<Long> RECOVERY_PART_SIZE =
            add(
                    "recovery.part.size",
                    "64 MiB",
                    Forms.size(1, 1 << 30),
                    "what a part has at least, as servers tell the coordinator");

    static final Setting<Odds> SERVER_MACHINE =
            add(
                    "server.machine",
                    "never",
                    Forms.odds(),
                    "servers that are killed with their machine, so that their disk has only what"
                            + " was made safe; backups then make everything safe");

    static final Setting<Odds> ENDS_SHOWN =
            add(
                    "ends.shown",
                    "never",
                    Forms.odds(),
                    "runs in which everybody knows of a process that was killed that it has ended,"
                            + " as on one machine");

    static final Setting<Odds> CLEANER_HASTY =
            add(
                    "cleaner.hasty",
                    "never",
                    Forms.odds(),
                    "servers whose cleaner moves whatever gives any memory, at all times");

    static final Setting<Weights<Strategies>> MIGRATION_STRATEGY =
            add(
                    "migration.strategy",
                    "1 rocksteady",
                    Forms.weights(List.of(Strategies.values())),
                    "how a tablet moves, drawn anew for each migration");

    static final Setting<Odds> TABLETS_MANY =
            add(
                    "tablets.many",
                    "one in 3",
                    Forms.odds(),
                    "runs whose default table begins with `tablets.first`, not with one a server");

    static final Setting<Integer> TABLETS_FIRST =
            add(
                    "tablets.first",
                    "16",
                    Forms.number(1, TABLETS_MAX),
                    "tablets of the default table in those runs");

    static final Setting<Integer> CLOCK_DRIFT_PPM =
            add(
                    "clock.drift.ppm",
                    "1000",
                    Forms.number(0, 100_000),
                    "millionths by which a process's clock is fast or slow at most");

    static final Setting<Range> SERVER_LEASE =
            add(
                    "server.lease",
                    "80..1000 ms",
                    Forms.times(1, 50 * MILLI, MINUTE),
                    "how long a server's lease lasts");

    static final Setting<Range> SERVER_MARGIN =
            add(
                    "server.margin",
                    "4..50 ms",
                    Forms.times(1, MILLI, MINUTE),
                    "how much longer a server may be silent until it counts as down");

    static final Setting<Long> SERVER_RETURN =
            add(
                    "server.return",
                    "0 ms",
                    Forms.time(0, 10 * MINUTE),
                    "how much longer it may be when a coordinator begins to lead");

    static final Setting<Range> CLIENT_LEASE =
            add(
                    "client.lease",
                    "1..5 s",
                    Forms.times(MILLI, SECOND, 60 * MINUTE),
                    "how long a client's lease lasts at least");

    static final Setting<Long> CLIENT_TIMEOUT =
            add(
                    "client.timeout",
                    "2 s",
                    Forms.time(MILLI, MINUTE),
                    "how long an operation tries before it gives up");

    static final Setting<Long> CLIENT_ATTEMPT =
            add(
                    "client.attempt",
                    "300 ms",
                    Forms.time(MILLI, MINUTE),
                    "how long a server may be silent before the client looks for another");

    static final Setting<Range> SNAPSHOT_COMMANDS =
            add(
                    "snapshot.commands",
                    "3..60",
                    Forms.numbers(1, 1_000_000),
                    "commands after which the coordinator writes a snapshot");

    static final Setting<Odds> SERVER_STANDSTILLS =
            add(
                    "server.standstills",
                    "one in 400",
                    Forms.odds(),
                    "looks at its lease before which a server stands still");

    static final Setting<Range> SERVER_STANDSTILL =
            add(
                    "server.standstill",
                    "1 ns..1600 ms",
                    Forms.times(1, 1, MINUTE),
                    "how long it does: longer than its lease, at times");

    static final Setting<Odds> MESSAGES_CALM =
            add(
                    "messages.calm",
                    "one in 3",
                    Forms.odds(),
                    "runs in which messages suffer nothing but their delay");

    static final Setting<Long> MESSAGES_DELAY =
            add(
                    "messages.delay",
                    "5 us",
                    Forms.time(0, SECOND),
                    "how long a message takes at least");

    static final Setting<Long> MESSAGES_DELAY_TAIL =
            add(
                    "messages.delay.tail",
                    "20 us",
                    Forms.time(0, SECOND),
                    "what it takes besides, on average");

    static final Setting<Share> MESSAGES_LOST =
            add("messages.lost", "0..30 in 1000", Forms.share(), "messages that vanish");

    static final Setting<Share> MESSAGES_DOUBLED =
            add("messages.doubled", "0..50 in 1000", Forms.share(), "messages that come twice");

    static final Setting<Share> MESSAGES_LATE =
            add(
                    "messages.late",
                    "0..100 in 1000",
                    Forms.share(),
                    "messages that leave the order in which they were sent");

    static final Setting<Long> MESSAGES_LATE_TIME =
            add(
                    "messages.late.time",
                    "5 ms",
                    Forms.time(0, MINUTE),
                    "how much longer those take at most");

    static final Setting<Share> MESSAGES_BREAKING =
            add(
                    "messages.breaking",
                    "0..5 in 1000",
                    Forms.share(),
                    "messages at which their session breaks");

    static final Setting<Share> MESSAGES_REFUSED =
            add(
                    "messages.refused",
                    "never",
                    Forms.share(),
                    "messages for which there is no room, and their sender is told");

    static final Setting<Integer> OPERATIONS =
            add("operations", "50", Forms.number(1, 10_000), "operations of each client");

    static final Setting<Weights<ClientLife.Deed>> OPERATION_KINDS =
            add(
                    "operation.kinds",
                    "4 batch, 4 read-many, 4 exchange, 2 scan, 2 walk, 1 clear, 1 count, 1 memory,"
                            + " 33 single",
                    Forms.weights(List.of(ClientLife.Deed.values())),
                    "what a client does");

    static final Setting<Odds> CLIENT_HURRIES =
            add(
                    "client.hurries",
                    "one in 3",
                    Forms.odds(),
                    "operations after which a client goes on at once");

    static final Setting<Range> CLIENT_PAUSE =
            add(
                    "client.pause",
                    "1 ns..60 ms",
                    Forms.times(1, 1, MINUTE),
                    "how long it pauses after the others");

    static final Setting<Odds> CLIENT_CLOSES =
            add(
                    "client.closes",
                    "one in 60",
                    Forms.odds(),
                    "operations before which a client closes and begins anew");

    static final Setting<Integer> KEYS_TOGETHER =
            add(
                    "keys.together",
                    "3",
                    Forms.number(0, 8),
                    "keys that are in one tablet for ever, for batches");

    static final Setting<Integer> KEYS_TEXT =
            add("keys.text", "3", Forms.number(0, 200), "other keys with texts");

    static final Setting<Integer> KEYS_NUMBERS =
            add("keys.numbers", "2", Forms.number(0, 200), "keys with numbers");

    static final Setting<Odds> BATCH_REMOVES =
            add("batch.removes", "one in 4", Forms.odds(), "parts of batches that are removals");

    static final Setting<Integer> EXCHANGE_TURNS =
            add(
                    "exchange.turns",
                    "4",
                    Forms.number(1, 8),
                    "how often a client reads a key and writes it where nobody came between");

    static final Setting<Range> EXCHANGE_PAUSE =
            add(
                    "exchange.pause",
                    "1 ns..20 ms",
                    Forms.times(1, 1, MINUTE),
                    "time between that read and that write");

    static final Setting<Range> WALK_OBJECTS =
            add(
                    "walk.objects",
                    "1..6",
                    Forms.numbers(1, 1_000),
                    "objects at a step of a scan by a cursor");

    static final Setting<Odds> WALK_PAUSES =
            add(
                    "walk.pauses",
                    "one in 2",
                    Forms.odds(),
                    "steps after which it pauses, as `client.pause`");

    static final Setting<Odds> PASSING_USED =
            add(
                    "passing.used",
                    "one in 3",
                    Forms.odds(),
                    "operations in the table that comes and goes");

    static final Setting<Odds> PASSING_GONE_USED =
            add(
                    "passing.gone.used",
                    "one in 12",
                    Forms.odds(),
                    "operations in one of which the client was told that it is gone");

    static final Setting<Integer> PASSING_TABLETS_FIRST =
            add(
                    "passing.tablets.first",
                    "2",
                    Forms.number(0, TABLETS_MAX),
                    "its tablets at the beginning; 0 for one a server");

    static final Setting<Range> PASSING_TABLETS =
            add(
                    "passing.tablets",
                    "0..8",
                    Forms.numbers(0, TABLETS_MAX),
                    "its tablets when it is made again");

    static final Setting<Range> PASSING_ABSENT =
            add(
                    "passing.absent",
                    "1 ns..400 ms",
                    Forms.times(1, 1, MINUTE),
                    "how long it is away, every second time, when it is renewed");

    static final Setting<Odds> PASSING_OPERATED =
            add(
                    "passing.operated",
                    "one in 3",
                    Forms.odds(),
                    "splits and assignments of its tablets, where no table is named");

    static final Setting<Integer> ASSIGN_TRIES =
            add(
                    "assign.tries",
                    "8",
                    Forms.number(1, 100),
                    "tablets that are given away at a time, those that hold nothing");

    static final Setting<Range> TROUBLES =
            add(
                    "troubles",
                    "0..8",
                    Forms.numbers(0, 1_000),
                    "what befalls the cluster by chance, one after the other, at most");

    static final Setting<Weights<Event>> TROUBLE_KINDS =
            add(
                    "trouble.kinds",
                    "2 kill some server, 1 kill coordinator, 1 cut some server, 1 pause somebody,"
                            + " 1 split some tablet, 2 assign some tablet, 2 renew passing table,"
                            + " 1 retire some server, 1 kill some client",
                    Forms.weights(Event.FORM),
                    "which events these are");

    static final Setting<Range> TROUBLE_QUIET =
            add(
                    "trouble.quiet",
                    "1 ns..400 ms",
                    Forms.times(1, 1, MINUTE),
                    "time before each of them");

    static final Setting<Range> TROUBLE_TIME =
            add(
                    "trouble.time",
                    "1 ns..1500 ms",
                    Forms.times(1, 1, MINUTE),
                    "how long one lasts that says nothing of it");

    static final Setting<Range> PAUSE_TIME =
            add(
                    "pause.time",
                    "1 ns..3 s",
                    Forms.times(1, 1, MINUTE),
                    "how long a process stands still where nothing else is said");

    static final Setting<Odds> COORDINATOR_IDLE =
            add(
                    "coordinator.idle",
                    "one in 3",
                    Forms.odds(),
                    "deaths of the coordinator that do not fall into the middle of a write");

    static final Setting<Range> COORDINATOR_WRITES =
            add(
                    "coordinator.writes",
                    "1..6",
                    Forms.numbers(1, 1_000),
                    "operation of its disk at which the others fall, counted from then");

    static final Setting<Integer> STEPS_MAX =
            add(
                    "steps.max",
                    "2000000",
                    Forms.number(1, 100_000_000),
                    "turns of threads after which a run that has not ended fails");

    static final Setting<List<Timed<Event>>> EVENTS =
            Setting.lines(
                    "at",
                    Forms.timed(Forms.times(1, 0, 60 * MINUTE), Event.FORM),
                    "what befalls the cluster at a time");

    private ClusterSettings() {}

    private static <T> Setting<T> add(String name, String standard, Form<T> form, String meaning) {
        Setting<T> setting = Setting.of(name, standard, form, meaning);
        ALL.add(setting);
        return setting;
    }

    /** In the order of the table in the README; those of the workload at the end. */
    static List<Setting<?>> all() {
        List<Setting<?>> all = new ArrayList<>(ALL);
        all.addAll(WorkloadSettings.ALL);
        all.add(EVENTS);
        return all;
    }

    /** Throws unless {@code settings} fit each other, and events name whom there is. */
    static void check(Settings settings) {
        int others = settings.get(KEYS_TEXT) + settings.get(KEYS_NUMBERS);
        boolean hasBatches = settings.get(OPERATION_KINDS).things().contains(ClientLife.Deed.BATCH);
        require(
                settings.get(KEYS_TOGETHER) > 0 || others > 0 && !hasBatches,
                hasBatches
                        ? "keys.together must be above 0 where operation.kinds has batch."
                        : "keys.together, keys.text and keys.numbers must not all be 0.",
                OPERATION_KINDS,
                KEYS_TOGETHER,
                KEYS_TEXT,
                KEYS_NUMBERS);
        require(
                settings.get(CLIENT_ATTEMPT) <= settings.get(CLIENT_TIMEOUT),
                "client.attempt must not be longer than client.timeout.",
                CLIENT_ATTEMPT,
                CLIENT_TIMEOUT);
        long apart =
                settings.get(SERVER_LEASE).high() / MILLION * 2 * settings.get(CLOCK_DRIFT_PPM);
        require(
                settings.get(SERVER_MARGIN).low() > apart,
                "server.margin must be more than the %d us by which clocks can be apart at the end"
                                .formatted(apart / 1_000)
                        + " of a lease.",
                SERVER_MARGIN,
                SERVER_LEASE,
                CLOCK_DRIFT_PPM);
        settings.get(TROUBLE_KINDS).things().forEach(event -> check(event, settings));
        settings.get(EVENTS).forEach(timed -> check(timed.what(), settings));
    }

    private static void check(Event event, Settings settings) {
        long servers = settings.get(SERVERS).low();
        long clients = settings.get(CLIENTS).low();
        for (Whom whom : event.named()) {
            boolean isServer = whom.sort() == Whom.Sort.SERVER;
            boolean isThere =
                    isServer
                            ? 1 <= whom.number() && whom.number() <= servers
                            : whom.number() < clients;
            require(
                    isThere,
                    "%s names %s, and the %s are %d to %d for sure, not more."
                            .formatted(
                                    Quoted.of(event.text()),
                                    whom,
                                    isServer ? "servers" : "clients",
                                    isServer ? 1 : 0,
                                    isServer ? servers : clients - 1),
                    TROUBLE_KINDS,
                    isServer ? SERVERS : CLIENTS);
        }
    }

    private static void require(boolean holds, String otherwise, Setting<?>... settings) {
        if (!holds) {
            throw new Refusal(otherwise, settings);
        }
    }
}
