package io.silkstone.simulation.cluster;

import io.silkstone.simulation.settings.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The steps of the protocol that runs are meant to reach. A report has each of them, also when it
 * never happened, so that what is not exercised can be seen.
 */
final class Steps {
    /** Every kind of operation, with every way in which it ends. */
    private static final List<String> OPERATIONS =
            List.of(
                    "READ OK",
                    "READ NOT_FOUND",
                    "READ NO_EFFECT",
                    "READ NO_TABLE",
                    "WRITE OK",
                    "WRITE EXISTS",
                    "WRITE NOT_FOUND",
                    "WRITE WRONG_VERSION",
                    "WRITE NO_EFFECT",
                    "WRITE NO_TABLE",
                    "WRITE LOST",
                    "REMOVE OK",
                    "REMOVE NOT_FOUND",
                    "REMOVE WRONG_VERSION",
                    "REMOVE NO_EFFECT",
                    "REMOVE LOST",
                    "INCREMENT OK",
                    "INCREMENT EXISTS",
                    "INCREMENT NOT_FOUND",
                    "INCREMENT NOT_A_NUMBER",
                    "INCREMENT WRONG_VERSION",
                    "INCREMENT NO_EFFECT",
                    "INCREMENT LOST",
                    "EXPIRE OK",
                    "EXPIRE EXISTS",
                    "EXPIRE NOT_FOUND",
                    "EXPIRE WRONG_VERSION",
                    "EXPIRE NO_EFFECT",
                    "EXPIRE LOST",
                    "BATCH OK",
                    "BATCH EXISTS",
                    "BATCH NOT_FOUND",
                    "BATCH WRONG_VERSION",
                    "BATCH NO_EFFECT",
                    "BATCH LOST",
                    "READ_ALL OK",
                    "READ_ALL NOT_FOUND",
                    "READ_ALL NO_EFFECT",
                    "SCAN OK",
                    "SCAN UNAVAILABLE",
                    "SCAN shown",
                    "SCAN not shown",
                    "WALK OK",
                    "WALK NO_TABLE",
                    "WALK shown",
                    "WALK not shown",
                    "CLEAR OK",
                    "CLEAR NO_SUCH_TABLE",
                    "CLEAR UNAVAILABLE",
                    "CLEAR UNKNOWN",
                    "COUNT of all servers",
                    "COUNT of some servers",
                    "USAGE",
                    "exchange OK",
                    "exchange WRONG_VERSION");

    private static final List<String> EVENTS =
            List.of(
                    "assignment refused",
                    "client closed",
                    "client killed",
                    "coordinator killed",
                    SimulatedCoordinator.CRASHED,
                    SimulatedCoordinator.RESTORED,
                    "end of a process proved",
                    "key lost with its server",
                    "key lost with the source of its migration, or not",
                    "key lost with the target of its migration",
                    "key migrated",
                    "key whose tablet was frozen, and recalled",
                    "key without an object given to another server",
                    "operator refused",
                    "process stopped",
                    "retry answered from its result record",
                    "retry whose result was forgotten",
                    "server cut off",
                    "server killed",
                    "server leaves",
                    "server stopped while it served",
                    "table dropped",
                    "table made",
                    "tablet assigned",
                    "tablet migrated",
                    "tablet split");

    private static final List<String> REFUSALS =
            List.of(
                    "LEASE_EXPIRED",
                    "MOVED",
                    "NOT_A_MEMBER",
                    "NOT_LEADER",
                    "NO_SUCH_TABLE",
                    "REFUSED",
                    "RETRY_LATER",
                    "UNAVAILABLE",
                    "WRONG_SERVER");

    /** Whose numbers are steps. */
    private static final List<String> METRICS =
            List.of(
                    "client.",
                    "coordinator.",
                    "rpc.",
                    "store.expired",
                    "store.backup.",
                    "transport.memory.");

    private static final Map<EventKind, String> STRIKES =
            Map.of(
                    EventKind.KILL_AT, "killed",
                    EventKind.CUT_AT, "cut off",
                    EventKind.PAUSE_AT, "stopped");

    private Steps() {}

    static void expect(World world) {
        OPERATIONS.forEach(world::expect);
        EVENTS.forEach(world::expect);
        REFUSALS.forEach(refusal -> world.expect("refusal " + refusal));
        MessageKinds.names().forEach(name -> world.expect("message " + name));
        expectAmbushes(world);
    }

    /** That at each step of the protocol those were struck who were meant to be. */
    private static void expectAmbushes(World world) {
        Settings settings = world.settings();
        boolean isReplicated = settings.get(ClusterSettings.TABLE_REPLICAS).high() > 0;
        List<Event> events = new ArrayList<>(settings.get(ClusterSettings.TROUBLE_KINDS).things());
        settings.get(ClusterSettings.EVENTS).forEach(timed -> events.add(timed.what()));
        for (Event event : events) {
            if (STRIKES.containsKey(event.kind())) {
                for (String step : Protocol.meant(event.step(), isReplicated)) {
                    world.expect(struck(event.kind(), true, step));
                    world.expect(struck(event.kind(), false, step));
                }
            }
        }
    }

    /** That somebody was struck at a step of the protocol. */
    static String struck(EventKind kind, boolean isBefore, String step) {
        return STRIKES.get(kind) + (isBefore ? " before " : " after ") + step;
    }

    /** Whether the metric called {@code label} counts steps. */
    static boolean isOne(String label) {
        return METRICS.stream().anyMatch(label::startsWith);
    }
}
