package io.silkstone.store.master;

import io.silkstone.api.migration.MigratingTablet;
import io.silkstone.api.migration.MigrationPace;
import io.silkstone.api.migration.MigrationPlan;
import io.silkstone.api.migration.MigrationSample;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.rpc.Rpc;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;

/**
 * How a migration goes: the plan that its strategy made, the pace that it gave last, and the
 * figures that it is shown for that. Whoever pulls reads one field; a user thread that {@link
 * #keep}s the pace asks the strategy.
 *
 * <p>Threads: any, but {@link #keep} one.
 */
final class Pacing {
    private static final long SECOND_NANOS = 1_000_000_000;
    private static final long INTERVAL_NANOS_MIN = 1_000_000;
    private static final long INTERVAL_NANOS_MAX = SECOND_NANOS;
    private static final long PAUSE_NANOS = 20_000_000;

    /** Between two looks at whether a strategy has answered. */
    private static final long ASKED_NANOS = 200_000;

    /**
     * For so long after clients have waited they will again: what they wait for is not to stand
     * behind much else on either core.
     */
    private static final long BUSY_NANOS = 5_000_000;

    private final Rpc rpc;
    private final ThreadRuntime threads;
    private final MigratingTablet tablet;
    private final long limit;
    private final MigrationSlot.Course course;
    private final BooleanSupplier hasEnded;
    private volatile MigrationPace pace;
    private volatile boolean settled;
    private volatile long thread = ThreadRuntime.NONE;
    private volatile long begunAt;
    private volatile long wantedAt;

    /** When the next pull may begin, while the strategy limits what they bring. */
    private final AtomicLong nextPullAt = new AtomicLong();

    private final LongAdder objects = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder pulls = new LongAdder();
    private final LongAdder pullWaitNanos = new LongAdder();
    private final LongAdder hashes = new LongAdder();

    /**
     * Asks {@code slot} for a plan.
     *
     * @param limit how much may come in a second, whatever the strategy says; 0 when it decides
     * @param hasEnded says when nothing comes any more
     */
    Pacing(
            Rpc rpc,
            ThreadRuntime threads,
            MigrationSlot slot,
            MigratingTablet tablet,
            long limit,
            BooleanSupplier hasEnded) {
        this.rpc = rpc;
        this.threads = threads;
        this.tablet = tablet;
        this.limit = limit == 0 ? 0 : Math.max(limit, MigrationPace.BYTES_PER_SECOND_MIN);
        this.hasEnded = hasEnded;
        course = slot.begin(tablet, this::pause);
        pace = course.plan().pace();
        begunAt = rpc.now();
        wantedAt = begunAt - BUSY_NANOS;
        nextPullAt.set(begunAt);
    }

    private void pause() {
        threads.sleep(ASKED_NANOS);
    }

    MigrationPlan plan() {
        return course.plan();
    }

    MigratingTablet tablet() {
        return tablet;
    }

    /** Which strategy made the plan, and its version. */
    String strategy() {
        return course.strategy();
    }

    /** What whoever had the tablet move allows in a second; 0 when the strategy decides. */
    long limit() {
        return limit;
    }

    private long bytesPerSecondMax() {
        return limit == 0 ? pace.bytesPerSecondMax() : limit;
    }

    /** The newest answer. */
    MigrationPace pace() {
        return pace;
    }

    /** Objects come from now on. */
    void begin() {
        begunAt = rpc.now();
    }

    long nanos() {
        return rpc.now() - begunAt;
    }

    long objects() {
        return objects.sum();
    }

    long bytes() {
        return bytes.sum();
    }

    /** How much to ask for. */
    int pullBytes() {
        MigrationPace current = pace;
        return rpc.now() - wantedAt < BUSY_NANOS ? current.busyPullBytes() : current.pullBytes();
    }

    /** Clients wait for something. */
    void wanted() {
        wantedAt = rpc.now();
    }

    /** So many hashes are asked for, since clients wait for them. */
    void asked(int count) {
        hashes.add(count);
    }

    /** A thread has waited so long for an answer. */
    void waited(long nanos) {
        pullWaitNanos.add(nanos);
    }

    /** Something has been taken in. */
    void took(long objectsTaken, long bytesTaken) {
        objects.add(objectsTaken);
        bytes.add(bytesTaken);
    }

    /** A pull has brought {@code brought} bytes: waits until more may come. */
    void pulled(int brought) {
        pulls.increment();
        long allowed = bytesPerSecondMax();
        if (allowed == 0) {
            return;
        }
        long now = rpc.now();
        long nanos = brought * SECOND_NANOS / allowed;
        long due = nextPullAt.updateAndGet(at -> Math.max(at, now) + nanos);
        // A source waits so long, and no longer, for who copies a tablet that is the source's.
        boolean isWatched = plan().order() != MigrationPlan.Order.OWN_THEN_COPY;
        long end = isWatched ? Math.min(due, now + SECOND_NANOS) : due;
        for (long left = end - now; left > 0; left = end - rpc.now()) {
            if (hasEnded.getAsBoolean() || bytesPerSecondMax() != allowed) {
                return;
            }
            threads.sleep(Math.min(PAUSE_NANOS, left));
        }
    }

    /**
     * A thread's life: asks the strategy from time to time, until nothing comes any more or nobody
     * is there to be asked.
     *
     * @param changed called after each answer
     */
    void keep(Runnable changed) {
        thread = threads.self();
        long at = begunAt;
        long bytesBefore = 0;
        long pullsBefore = 0;
        long waitBefore = 0;
        long hashesBefore = 0;
        while (!settled && !hasEnded.getAsBoolean()) {
            long interval = pace.intervalNanos();
            threads.sleep(Math.clamp(interval, INTERVAL_NANOS_MIN, INTERVAL_NANOS_MAX));
            if (settled || hasEnded.getAsBoolean()) {
                return;
            }
            long now = rpc.now();
            long bytesNow = bytes();
            MigrationSample sample =
                    new MigrationSample(
                            tablet,
                            now - begunAt,
                            objects(),
                            bytesNow,
                            now - at,
                            pulls.sum() - pullsBefore,
                            bytesNow - bytesBefore,
                            pullWaitNanos.sum() - waitBefore,
                            hashes.sum() - hashesBefore);
            at = now;
            bytesBefore = bytesNow;
            pullsBefore += sample.intervalPulls();
            waitBefore += sample.intervalWaitNanos();
            hashesBefore += sample.intervalWanted();
            MigrationPace answer = course.pace(sample, this::pause);
            if (answer == null) {
                settle();
            } else {
                pace = answer;
            }
            changed.run();
        }
    }

    /** The pace stays what it is, but that all has to come; nobody is asked any more. */
    void settle() {
        settled = true;
        MigrationPace last = pace;
        pace =
                new MigrationPace(
                        last.pullBytes(),
                        last.busyPullBytes(),
                        last.bytesPerSecondMax(),
                        last.priorityPulls(),
                        true,
                        last.intervalNanos(),
                        last.reason());
        hurry();
    }

    /** Has the thread that keeps the pace look whether it is needed. */
    void hurry() {
        threads.signal(thread);
    }
}
