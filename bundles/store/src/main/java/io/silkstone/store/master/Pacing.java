package io.silkstone.store.master;

import io.silkstone.api.migration.MigratingTablet;
import io.silkstone.api.migration.MigrationPace;
import io.silkstone.api.migration.MigrationPlan;
import io.silkstone.api.migration.MigrationSample;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.NanoClock;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * How a migration goes: the plan that its strategy made, the pace that it gave last, and the
 * figures that it is shown for that. Whoever pulls reads one field; a user thread that {@link
 * #keep}s the pace asks the strategy.
 *
 * <p>Threads: any, but {@link #keep} one.
 */
final class Pacing {
    private static final long SECOND_NANOS = 1_000_000_000;

    /** Between two looks at how late a thread runs. */
    private static final long TICK_NANOS = 1_000_000;

    /** So long is looked before the bulk is made faster or slower. */
    private static final long LOOK_NANOS = 16_000_000;

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

    private final NanoClock clock;
    private final ThreadRuntime threads;
    private final MigratingTablet tablet;
    private final long limit;
    private final MigrationSlot.Course course;
    private final BooleanSupplier hasEnded;
    private final LongSupplier operations;
    private final Courtesy courtesy = new Courtesy();
    private final PullWindow pullWindow;
    private volatile MigrationPace pace;
    private volatile boolean settled;
    private volatile boolean over;
    private volatile long thread = ThreadRuntime.NONE;
    private volatile long begunAt;
    private volatile long wantedAt;

    /** When the next pull may begin, while the strategy limits what they bring. */
    private final AtomicLong nextPullAt = new AtomicLong();

    private final LongAdder objects = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder pulls = new LongAdder();
    private final LongAdder pullWaitNanos = new LongAdder();
    private final LongAdder pulledBytes = new LongAdder();
    private final LongAdder sourceNanos = new LongAdder();
    private final LongAccumulator roundTrip = new LongAccumulator(Math::min, Long.MAX_VALUE);
    private final LongAdder hashes = new LongAdder();

    /**
     * Asks {@code slot} for a plan.
     *
     * @param limit how much may come in a second, whatever the strategy says; 0 when it decides
     * @param operations how many operations clients have asked this server for
     * @param hasEnded says when nothing comes any more
     */
    Pacing(
            NanoClock clock,
            ThreadRuntime threads,
            MigrationSlot slot,
            MigratingTablet tablet,
            long limit,
            LongSupplier operations,
            BooleanSupplier hasEnded) {
        this.clock = clock;
        this.threads = threads;
        this.tablet = tablet;
        this.limit = limit == 0 ? 0 : Math.max(limit, MigrationPace.BYTES_PER_SECOND_MIN);
        this.operations = operations;
        this.hasEnded = hasEnded;
        course = slot.begin(tablet, this::pause);
        pace = course.plan().pace();
        pullWindow = new PullWindow(threads, () -> pace.pulls());
        begunAt = clock.nanoTime();
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
        long said = limit == 0 ? pace.bytesPerSecondMax() : limit;
        long left = courtesy.bytesPerSecond();
        return said == 0 || left != 0 && left < said ? left : said;
    }

    /** The newest answer. */
    MigrationPace pace() {
        return pace;
    }

    /** Objects come from now on. */
    void begin() {
        begunAt = clock.nanoTime();
    }

    long nanos() {
        return clock.nanoTime() - begunAt;
    }

    long objects() {
        return objects.sum();
    }

    long bytes() {
        return bytes.sum();
    }

    /** How many pulls may be under way. */
    PullWindow pullWindow() {
        return pullWindow;
    }

    /** How much to ask for. */
    int pullBytes() {
        MigrationPace current = pace;
        return clock.nanoTime() - wantedAt < BUSY_NANOS
                ? current.busyPullBytes()
                : current.pullBytes();
    }

    /** Clients wait for something. */
    void wanted() {
        wantedAt = clock.nanoTime();
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

    /**
     * A pull has brought {@code brought} bytes: waits until more may come.
     *
     * @param atSource for how many nanoseconds it has held a core of the source
     * @param answeredAfter how many nanoseconds it took from question to answer
     */
    void pulled(int brought, long atSource, long answeredAfter) {
        pulls.increment();
        pulledBytes.add(brought);
        sourceNanos.add(atSource);
        roundTrip.accumulate(answeredAfter);
        long allowed = bytesPerSecondMax();
        if (allowed == 0) {
            return;
        }
        long now = clock.nanoTime();
        long nanos = brought * SECOND_NANOS / allowed;
        long due = nextPullAt.updateAndGet(at -> Math.max(at, now) + nanos);
        // A source waits so long, and no longer, for who copies a tablet that is the source's.
        boolean isWatched = plan().order() != MigrationPlan.Order.OWN_THEN_COPY;
        long end = isWatched ? Math.min(due, now + SECOND_NANOS) : due;
        for (long left = end - now; left > 0; left = end - clock.nanoTime()) {
            if (hasEnded.getAsBoolean() || bytesPerSecondMax() == 0) {
                return;
            }
            threads.sleep(Math.min(PAUSE_NANOS, left));
        }
    }

    /**
     * A thread's life: looks how much clients leave to the bulk, and asks the strategy from time to
     * time as long as somebody is there to be asked, until nothing comes any more.
     *
     * @param changed called after each answer
     */
    void keep(Runnable changed) {
        thread = threads.self();
        Interval before = Interval.at(this, begunAt);
        while (!isOver()) {
            long interval =
                    Math.clamp(pace.intervalNanos(), INTERVAL_NANOS_MIN, INTERVAL_NANOS_MAX);
            long left = before.at + interval - clock.nanoTime();
            look(settled ? LOOK_NANOS : Math.clamp(left, TICK_NANOS, LOOK_NANOS));
            Interval now = Interval.at(this, clock.nanoTime());
            if (!isOver() && !settled && now.at - before.at >= interval) {
                MigrationPace answer = course.pace(now.since(before), this::pause);
                before = now;
                if (answer == null) {
                    settle();
                } else {
                    pace = answer;
                }
                changed.run();
            }
        }
    }

    private boolean isOver() {
        return over || hasEnded.getAsBoolean();
    }

    /** What was counted up to some time. */
    private record Interval(
            Pacing pacing,
            long at,
            long objects,
            long bytes,
            long pulls,
            long pulledBytes,
            long waited,
            long hashes,
            long sourceNanos) {
        static Interval at(Pacing pacing, long at) {
            return new Interval(
                    pacing,
                    at,
                    pacing.objects(),
                    pacing.bytes(),
                    pacing.pulls.sum(),
                    pacing.pulledBytes.sum(),
                    pacing.pullWaitNanos.sum(),
                    pacing.hashes.sum(),
                    pacing.sourceNanos.sum());
        }

        MigrationSample since(Interval before) {
            long fastest = pacing.roundTrip.getThenReset();
            return new MigrationSample(
                    pacing.tablet,
                    at - pacing.begunAt,
                    objects,
                    bytes,
                    at - before.at,
                    pulls - before.pulls,
                    pulledBytes - before.pulledBytes,
                    waited - before.waited,
                    hashes - before.hashes,
                    sourceNanos - before.sourceNanos,
                    fastest == Long.MAX_VALUE ? 0 : fastest);
        }
    }

    /**
     * For {@code nanos}, or until it is over: looks how late this thread wakes up, which is how
     * late anything else runs here.
     */
    private void look(long nanos) {
        long lateness = pace.latenessNanosMax();
        long began = clock.nanoTime();
        long bytesBefore = bytes();
        long operationsBefore = operations.getAsLong();
        int late = 0;
        int looks = 0;
        long now = began;
        while (now - began < nanos && !isOver()) {
            threads.sleep(TICK_NANOS);
            long before = now;
            now = clock.nanoTime();
            late += now - before > TICK_NANOS + lateness ? 1 : 0;
            looks++;
        }
        courtesy.observe(
                Math.max(1, now - began),
                2 * late > looks,
                lateness == 0 ? 0 : operations.getAsLong() - operationsBefore,
                bytes() - bytesBefore);
    }

    /** The pace stays what it is, but that all has to come; nobody is asked any more. */
    void settle() {
        settled = true;
        MigrationPace last = pace;
        pace =
                new MigrationPace(
                        last.pullBytes(),
                        last.busyPullBytes(),
                        last.pulls(),
                        last.bytesPerSecondMax(),
                        last.priorityPulls(),
                        true,
                        last.latenessNanosMax(),
                        last.intervalNanos(),
                        last.reason());
        hurry();
    }

    /** Nothing comes any more. */
    void end() {
        settle();
        over = true;
        hurry();
    }

    /** Has the thread that keeps the pace look whether it is needed. */
    void hurry() {
        threads.signal(thread);
    }
}
