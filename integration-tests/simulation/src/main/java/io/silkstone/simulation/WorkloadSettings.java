package io.silkstone.simulation;

import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.settings.Forms;
import io.silkstone.simulation.settings.Range;
import io.silkstone.simulation.settings.Setting;
import io.silkstone.simulation.settings.Weights;
import java.util.List;

/** What every scenario can be told of the operations that clients ask for. */
public final class WorkloadSettings {
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;

    /** Operations on one key. */
    public static final Setting<Weights<Call.Kind>> SINGLE_KINDS =
            Setting.of(
                    "single.kinds",
                    "3 read, 3 write, 1 remove, 1 expire, 2 increment",
                    Forms.weights(
                            List.of(
                                    Call.Kind.READ,
                                    Call.Kind.WRITE,
                                    Call.Kind.REMOVE,
                                    Call.Kind.EXPIRE,
                                    Call.Kind.INCREMENT)),
                    "what is asked of one key");

    /** Of changes. */
    public static final Setting<Weights<Call.Rule>> RULE_KINDS =
            Setting.of(
                    "rule.kinds",
                    "1 reject-missing, 1 reject-existing, 2 require-version, 2 none",
                    Forms.weights(List.of(Call.Rule.values())),
                    "under which rule a change is made");

    /** Of writes. */
    public static final Setting<Weights<Call.Expiry>> EXPIRY_KINDS =
            Setting.of(
                    "expiry.kinds",
                    "1 at, 1 keep, 2 none",
                    Forms.weights(List.of(Call.Expiry.values())),
                    "whether a write sets a time of expiry, keeps the one there is, or has none");

    /** In milliseconds from now. */
    public static final Setting<Range> EXPIRY_TIME =
            Setting.of(
                    "expiry.time",
                    "-3..59 ms",
                    Forms.times(MILLI, -SECOND, 3_600 * SECOND),
                    "when something expires, counted from when it is asked for; below 0 it has");

    /** In bytes; see {@link Filling}. */
    public static final Setting<Long> TEXT_SIZE =
            Setting.of(
                    "text.size",
                    "200 B",
                    Forms.size(1, 32 << 10),
                    "below which the filling behind a text is");

    /** In the order of the table in the README. */
    public static final List<Setting<?>> ALL =
            List.of(SINGLE_KINDS, RULE_KINDS, EXPIRY_KINDS, EXPIRY_TIME, TEXT_SIZE);

    private WorkloadSettings() {}
}
