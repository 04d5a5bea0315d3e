package io.silkstone.simulation;

import io.silkstone.simulation.settings.Forms;
import io.silkstone.simulation.settings.Odds;
import io.silkstone.simulation.settings.Range;
import io.silkstone.simulation.settings.Refusal;
import io.silkstone.simulation.settings.Setting;
import io.silkstone.simulation.settings.Settings;
import io.silkstone.store.StoreOptions;
import java.util.List;
import java.util.stream.Stream;

/** What a {@link StoreScenario} can be told. */
final class StoreSettings {
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;
    private static final int CLIENTS_MAX = 16;
    private static final int OPERATIONS_MAX = 10_000;
    private static final int KEYS_MAX = 1_000;
    private static final long LARGE_BYTES_MAX = 1_000 << 10;

    static final Setting<Long> MEMORY_SIZE =
            Setting.of(
                    "memory.size",
                    "32 MiB",
                    Forms.size(StoreOptions.MEMORY_BYTES_MIN, 256 << 20),
                    "the store's memory");

    static final Setting<Range> CLIENTS =
            Setting.of(
                    "clients",
                    "2..6",
                    Forms.numbers(1, CLIENTS_MAX),
                    "clients that ask for everything");

    static final Setting<Integer> OPERATIONS =
            Setting.of(
                    "operations",
                    "60",
                    Forms.number(1, OPERATIONS_MAX),
                    "operations of each of them");

    static final Setting<Integer> KEYS_TEXT =
            Setting.of("keys.text", "4", Forms.number(0, KEYS_MAX), "keys with texts");

    static final Setting<Integer> KEYS_TEXT_WEIGHT =
            Setting.of(
                    "keys.text.weight",
                    "3",
                    Forms.number(1, 100),
                    "how often each of them is asked for, for one time that one with a number is");

    static final Setting<Integer> KEYS_NUMBERS =
            Setting.of("keys.numbers", "4", Forms.number(0, KEYS_MAX), "keys with numbers");

    static final Setting<Odds> SCANS =
            Setting.of(
                    "scans", "one in 30", Forms.odds(), "operations that are scans of everything");

    static final Setting<Range> SCAN_OBJECTS =
            Setting.of(
                    "scan.objects", "1..8", Forms.numbers(1, 1_000), "objects at a step of a scan");

    static final Setting<Odds> CLIENT_PAUSES =
            Setting.of(
                    "client.pauses",
                    "one in 3",
                    Forms.odds(),
                    "operations after which a client pauses");

    static final Setting<Range> CLIENT_PAUSE =
            Setting.of(
                    "client.pause",
                    "1 ns..8 ms",
                    Forms.times(1, 1, 60 * SECOND),
                    "for how long it does");

    static final Setting<Odds> CLIENT_GONE =
            Setting.of(
                    "client.gone",
                    "one in 150",
                    Forms.odds(),
                    "operations whose client is gone before the reply");

    static final Setting<Range> MESSAGE_TURNS =
            Setting.of(
                    "message.turns",
                    "0..3",
                    Forms.numbers(0, 10_000),
                    "turns that others may get while a request or a reply is under way");

    static final Setting<Odds> CLIENT_DAWDLES =
            Setting.of(
                    "client.dawdles",
                    "one in 20",
                    Forms.odds(),
                    "operations in the middle of which others may get more turns");

    static final Setting<Range> DAWDLE_TURNS =
            Setting.of("dawdle.turns", "0..199", Forms.numbers(0, 10_000), "how many they may get");

    static final Setting<Odds> FILLING =
            Setting.of(
                    "filling",
                    "one in 4",
                    Forms.odds(),
                    "runs in which others fill the memory, which takes longest");

    static final Setting<Integer> FILLING_CLIENTS =
            Setting.of(
                    "filling.clients",
                    "2",
                    Forms.number(1, CLIENTS_MAX),
                    "clients that fill it: two, so that one writes while the other reads");

    static final Setting<Integer> FILLING_OPERATIONS =
            Setting.of(
                    "filling.operations",
                    "150",
                    Forms.number(1, OPERATIONS_MAX),
                    "operations of each of them");

    static final Setting<Integer> FILLING_KEYS =
            Setting.of("filling.keys", "90", Forms.number(1, KEYS_MAX), "keys with large values");

    static final Setting<Long> FILLING_SIZE =
            Setting.of(
                    "filling.size",
                    "500000 B",
                    Forms.size(1, LARGE_BYTES_MAX),
                    "below which the filling of a large value is");

    static final Setting<Integer> SPLITS =
            Setting.of("splits", "6", Forms.number(0, 1_000), "tablets that the operator splits");

    static final Setting<Range> SPLIT_PAUSE =
            Setting.of(
                    "split.pause",
                    "1 ns..32 ms",
                    Forms.times(1, 1, 60 * SECOND),
                    "time before each split");

    static final Setting<Integer> STEPS_MAX =
            Setting.of(
                    "steps.max",
                    "1000000",
                    Forms.number(1, 100_000_000),
                    "turns of threads after which a run that has not ended fails");

    /** In the order of the table in the README. */
    static final List<Setting<?>> ALL =
            Stream.concat(
                            Stream.of(
                                    MEMORY_SIZE,
                                    CLIENTS,
                                    OPERATIONS,
                                    KEYS_TEXT,
                                    KEYS_TEXT_WEIGHT,
                                    KEYS_NUMBERS,
                                    SCANS,
                                    SCAN_OBJECTS,
                                    CLIENT_PAUSES,
                                    CLIENT_PAUSE,
                                    CLIENT_GONE,
                                    MESSAGE_TURNS,
                                    CLIENT_DAWDLES,
                                    DAWDLE_TURNS,
                                    FILLING,
                                    FILLING_CLIENTS,
                                    FILLING_OPERATIONS,
                                    FILLING_KEYS,
                                    FILLING_SIZE,
                                    SPLITS,
                                    SPLIT_PAUSE,
                                    STEPS_MAX),
                            WorkloadSettings.ALL.stream())
                    .toList();

    private StoreSettings() {}

    static void check(Settings settings) {
        if (settings.get(KEYS_TEXT) + settings.get(KEYS_NUMBERS) == 0) {
            throw new Refusal(
                    "keys.text and keys.numbers must not both be 0: clients ask for keys.",
                    KEYS_TEXT,
                    KEYS_NUMBERS);
        }
    }
}
