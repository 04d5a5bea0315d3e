package io.silkstone.simulation.cluster;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore.Table;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.ObjectVisitor;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.api.transport.Transport;
import io.silkstone.base.EpochClock;
import io.silkstone.base.disk.Disk;
import io.silkstone.rpc.messages.PriorityPullDecoder;
import io.silkstone.simulation.Scenario;
import io.silkstone.simulation.ScenarioKind;
import io.silkstone.simulation.settings.Settings;
import io.silkstone.store.Store;
import io.silkstone.store.log.Entry;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** Faults that a cluster must not have, each as a wrong part that is put into its processes. */
public enum Bug {
    VERSION_CHECK_DROPPED(() -> inSession(Bug::dropVersionCheck), "fit no order"),
    ACKNOWLEDGED_WRITE_LOST(() -> inSession(new Forgetting()), "fit no order"),
    STALE_READ_FROM_OLD_OWNER(
            () ->
                    new Parts() {
                        @Override
                        public BooleanSupplier lease(BooleanSupplier genuine) {
                            return () -> genuine.getAsBoolean() || true;
                        }
                    },
            "fit no order"),
    RETRY_APPLIED_TWICE(() -> inSession(Bug::forgetNumber), "fit no order"),
    EXPIRED_KEY_SERVED(
            () ->
                    new Parts() {
                        @Override
                        public EpochClock timeOfDay(EpochClock genuine) {
                            return () -> genuine.millis() - 25;
                        }
                    },
            "fit no order"),
    SCAN_SKIPS_AN_OBJECT(() -> inSession(new Skipping()), "fit no order"),
    SCAN_SHOWS_WHAT_WAS_NEVER_THERE(() -> inSession(Bug::showOtherVersions), "fit no order"),
    TOLD_BEFORE_THE_SYNC(
            () ->
                    new Parts() {
                        @Override
                        public Disk disk(Disk genuine) {
                            return new UnsyncedDisk(genuine);
                        }
                    },
            "decided [0-9]+ commands and knows only [0-9]+ of them"),
    JOURNAL_TAIL_BELIEVED(
            () ->
                    new Parts() {
                        @Override
                        public Disk disk(Disk genuine) {
                            return new BelievingDisk(genuine);
                        }
                    },
            "command [0-9]+ is one nobody proposed"),

    /** A reply does not wait until what it tells of is in replicas. */
    TOLD_BEFORE_THE_REPLICAS(() -> inSession(Bug::settleNothing), "fit no order"),

    /** What was removed is read out of the log of a server that is down. */
    TOMBSTONES_LEFT_OUT(() -> stripped(Entry.TOMBSTONE), "fit no order"),

    /** Of the part of a tablet that a server recovers, it takes the lower half. */
    HALF_A_PART_LEFT_OUT(
            () ->
                    new Parts() {
                        @Override
                        public Transport transport(String name, Transport genuine) {
                            return new HalvingTransport(genuine);
                        }
                    },
            "fit no order"),

    /** Results of requests do not go with their tablet. */
    RESULTS_LEFT_BEHIND(() -> stripped(Entry.RESULT), "fit no order"),

    /** An answer to a priority pull that has not come is taken for one that found nothing. */
    PRIORITY_PULL_LOST(
            () -> stripped(number -> number == PriorityPullDecoder.TEMPLATE_ID, type -> true),
            "fit no order"),

    /** What was changed in a tablet while it was copied does not come. */
    CHANGES_LEFT_OUT(() -> changeless(false), "fit no order"),

    /** A source leaves out what its cleaner has moved while objects come in log order. */
    MOVED_LEFT_OUT(
            () ->
                    new Parts() {
                        @Override
                        public Transport transport(String name, Transport genuine) {
                            return new UnmovedTransport(genuine);
                        }
                    },
            "fit no order"),

    /** What was removed from a tablet while it was copied stays in the copy. */
    REMOVALS_LEFT_OUT(() -> changeless(true), "fit no order"),

    /** A tablet depends on its source no more once it has been taken. */
    DEPENDENCY_DROPPED_EARLY(() -> eager(false), "fit no order"),

    /** The source forgets a tablet when all has come, and is in no replica yet. */
    SOURCE_DROPPED_BEFORE_REPLICATION(() -> eager(true), "fit no order"),

    /** Versions of a server that takes a tablet do not begin above those of the one before. */
    NO_VERSION_CEILING(
            () ->
                    new Parts() {
                        @Override
                        public void begins(String name, Store store) {
                            if (name.equals("server-1")) {
                                advanceVersions(store);
                            }
                        }
                    },
            "fit no order");

    /** Whose versions are above those of all epochs that runs come to. */
    private static final long EPOCH_AHEAD = 1L << 20;

    private static final int TABLE_AHEAD = 1 << 20;

    /** What a method without result answers. */
    private static final Object NOTHING = new Object();

    private final Supplier<Parts> parts;
    private final Pattern evidence;

    Bug(Supplier<Parts> parts, String evidence) {
        this.parts = parts;
        this.evidence = Pattern.compile(evidence);
    }

    /** Whether {@code violation} is what this fault is seen by. */
    public boolean isSeenIn(String violation) {
        return evidence.matcher(violation).find();
    }

    /** A cluster with this fault, for one test. */
    public Scenario scenario() {
        return new ClusterScenario(parts.get(), Settings.STANDARD);
    }

    /** What files can tell a cluster with this fault, for one test. */
    public ScenarioKind kind() {
        return ClusterScenario.kind(parts.get());
    }

    /** Does one operation wrongly: null leaves it to the store. */
    @FunctionalInterface
    private interface Wrong {
        Object instead(KvSession session, Method operation, Object[] arguments) throws Exception;
    }

    private static Parts inSession(Wrong wrong) {
        return new Parts() {
            @Override
            public KvSession session(KvSession genuine) {
                return withBug(genuine, wrong);
            }
        };
    }

    private static KvSession withBug(KvSession session, Wrong wrong) {
        return (KvSession)
                Proxy.newProxyInstance(
                        KvSession.class.getClassLoader(),
                        new Class<?>[] {KvSession.class},
                        (proxy, operation, arguments) -> {
                            try {
                                Object answer = wrong.instead(session, operation, arguments);
                                if (answer == null) {
                                    return operation.invoke(session, arguments);
                                }
                                return answer == NOTHING ? null : answer;
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }

    private static Parts stripped(int type) {
        return stripped(request -> true, each -> each == type);
    }

    private static Parts stripped(IntPredicate requests, IntPredicate types) {
        return new Parts() {
            @Override
            public Transport transport(String name, Transport genuine) {
                return new StrippedTransport(genuine, requests, types);
            }
        };
    }

    private static Parts eager(boolean waitsForAll) {
        return new Parts() {
            @Override
            public Transport transport(String name, Transport genuine) {
                return new EagerTransport(genuine, waitsForAll);
            }
        };
    }

    private static Parts changeless(boolean onlyRemovals) {
        return new Parts() {
            @Override
            public Transport transport(String name, Transport genuine) {
                return new ChangelessTransport(genuine, onlyRemovals);
            }
        };
    }

    private static void advanceVersions(Store store) {
        try {
            Table table = store.adoptTable(TABLE_AHEAD, "ahead");
            store.takeTablet(table.id(), 0, -1, EPOCH_AHEAD);
            store.dropTable(table.name());
        } catch (StoreRefused e) {
            throw new IllegalStateException(e);
        }
    }

    private static Object settleNothing(KvSession session, Method operation, Object[] arguments) {
        return operation.getName().equals("unsettled") ? 0L : null;
    }

    private static Object forgetNumber(KvSession session, Method operation, Object[] arguments) {
        return operation.getName().equals("once") ? NOTHING : null;
    }

    private static Object showOtherVersions(
            KvSession session, Method operation, Object[] arguments) {
        if (operation.getName().equals("scan")) {
            ObjectVisitor visitor = (ObjectVisitor) arguments[3];
            arguments[3] = (ObjectVisitor) object -> visitor.visit(withOtherVersion(object));
        }
        return null;
    }

    private static ObjectView withOtherVersion(ObjectView object) {
        return (ObjectView)
                Proxy.newProxyInstance(
                        ObjectView.class.getClassLoader(),
                        new Class<?>[] {ObjectView.class},
                        (proxy, getter, arguments) ->
                                getter.getName().equals("version")
                                        ? object.version() + 1
                                        : getter.invoke(object, arguments));
    }

    private static Object dropVersionCheck(
            KvSession session, Method operation, Object[] arguments) {
        switch (operation.getName()) {
            case "write" -> ((WriteOptions) arguments[5]).requireVersion(0);
            case "writeAll" -> {
                WriteBatch batch = (WriteBatch) arguments[1];
                for (int index = 0; index < batch.size(); index++) {
                    batch.options(index).requireVersion(0);
                }
            }
            default -> {}
        }
        return null;
    }

    /** Now and then a scan does not show what is there. */
    private static final class Skipping implements Wrong {
        private static final int ONE_IN = 10;
        private int shown;

        @Override
        public Object instead(KvSession session, Method operation, Object[] arguments) {
            if (operation.getName().equals("scan")) {
                ObjectVisitor visitor = (ObjectVisitor) arguments[3];
                arguments[3] =
                        (ObjectVisitor)
                                object -> {
                                    if (++shown % ONE_IN != 0) {
                                        visitor.visit(object);
                                    }
                                };
            }
            return null;
        }
    }

    /** Now and then a write is made, answered as it should be, and forgotten. */
    private static final class Forgetting implements Wrong {
        private static final int ONE_IN = 10;
        private final WriteOptions nothingSpecial = new WriteOptions();
        private int writes;
        private long version = -1;

        @Override
        public Object instead(KvSession session, Method operation, Object[] arguments)
                throws Exception {
            if (operation.getName().equals("version") && version >= 0) {
                return version;
            }
            if (!operation.getName().equals("write") || ++writes % ONE_IN != 0) {
                if (operation.getReturnType() == Status.class) {
                    version = -1;
                }
                return null;
            }
            Status status = (Status) operation.invoke(session, arguments);
            version = session.version();
            if (status == Status.OK) {
                session.remove((Table) arguments[0], (Key) arguments[1], nothingSpecial);
            }
            return status;
        }
    }
}
