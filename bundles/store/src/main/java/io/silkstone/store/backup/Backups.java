package io.silkstone.store.backup;

import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.base.Checks;
import io.silkstone.base.NanoClock;
import io.silkstone.store.backup.SegmentFiles.Kept;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map.Entry;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Replicas of other servers' logs: what RAMCloud calls a backup (section 4 of the paper in TOCS,
 * 2015; specs/rocksteady.md B.2 to B.4).
 *
 * <p><b>A replica</b> is the copy of one segment of one log, on a disk that the log has here. It
 * grows by {@link Step}s, which are numbered: the next one is done, one that was done before is
 * done with, and any other one is {@link Outcome#MISSING}. So a master may repeat what it was not
 * answered, and what comes late does no harm. The steps that a process has done are known to that
 * process alone: after its end the replica stays as it is, and its master begins another one.
 *
 * <p><b>Which replicas count.</b> Each time that a master begins a copy of a segment its replicas
 * get a higher incarnation. One whose last step ends it has all of the segment, and counts. One
 * that has not counts if its incarnation is not lower than the log's epoch; the master raises that
 * before it trusts in others alone. Both are in the file ({@link SegmentFile}), each with the
 * entries that it came with, and survive what the entries do.
 *
 * <p><b>What is written</b> by one step is there after a crash altogether or not at all; it
 * survives the end of the process when {@link #write} has returned, unless {@link #needsSync}, and
 * the end of the machine when {@link #sync} has. A step that the disk failed is the last one of its
 * replica, and so is one that a failed sync was to make safe. What can be read of such a replica is
 * shown as if it had been found after a crash.
 *
 * <p><b>Damage</b> is looked for when a replica is read: for the list of a log's replicas if it was
 * written by a process before, and whenever its entries are asked for. A damaged one is reported in
 * the log and counts as not there, but lies where it lay until it is dropped.
 *
 * <p>Logs have their disks by cluster and server: a home that has been in another cluster may have
 * replicas of servers of the same number. Threads: one.
 */
public final class Backups implements AutoCloseable {
    /** From {@link #read}: there is no such replica. */
    public static final int NOT_HERE = -1;

    /**
     * Replicas whose content is in memory, so that the next cursor costs no disk. Each server that
     * recovers a part of a log reads three at a time, of all backups together; where there are as
     * many backups as such servers, a backup is asked for three on average, and rarely for so many.
     */
    private static final int LOADED_MAX = 8;

    private static final int REMOVED_AT_ONCE = 16;

    /** After so long without a failure the disk works again. */
    private static final long CALM_NANOS = 10_000_000_000L;

    private static final Logger LOG = System.getLogger(Backups.class.getName());
    private static final String NAME = "log-%016x-%d-%d";
    private static final Pattern NAMES = Pattern.compile("log-([0-9a-f]{16})-(\\d+)-(\\d+)");

    private final Disks disks;
    private final NanoClock clock;
    private final RandomGenerator random;
    private final Counter bytesWritten;
    private final Counter syncs;
    private final Counter syncNanos;
    private final Counter failures;
    private final Counter damaged;
    private final List<AutoCloseable> gauges = new ArrayList<>();
    private long cluster;

    /** By master; null as long as nobody has asked for what is there. */
    private final TreeMap<Long, Replicas> logs = new TreeMap<>();

    /** Those with {@link Replica#loaded}, the one that was asked for last at the end. */
    private final ArrayDeque<Replica> loaded = new ArrayDeque<>();

    private volatile long replicaCount;
    private volatile long byteCount;
    private boolean isFailing;
    private long failedAt;

    /**
     * What is added to a replica at once.
     *
     * @param master whose log it is, packed
     * @param segment of that log
     * @param incarnation which of the copies of the segment
     * @param sequence 0 begins the replica
     * @param position where in the segment the entries begin
     * @param ends whether the replica is complete with this
     * @param noteNumber of the note; 0 for none
     * @param note what is said of the log
     * @param entries whole ones
     */
    public record Step(
            long master,
            long segment,
            long incarnation,
            long sequence,
            int position,
            boolean ends,
            long noteNumber,
            MemorySegment note,
            MemorySegment entries) {
        /** Checks what would harm others. */
        public Step {
            Checks.require(segment >= 0, "segment %d cannot have a replica", segment);
            Checks.require(incarnation > 0, "incarnations begin at 1, was %d", incarnation);
        }
    }

    /** What has become of a step. */
    public enum Outcome {
        /** It is written, now or before. */
        DONE,

        /** There is not what came before, or there is what comes later. */
        MISSING
    }

    /**
     * What there is of a log.
     *
     * @param noteNumber of the newest note; 0 for none
     * @param note the newest note in any of the replicas
     * @param replicas those that count
     */
    public record Listing(long noteNumber, byte[] note, List<Item> replicas) {}

    /**
     * A replica.
     *
     * @param segment of which it is the copy
     * @param incarnation which of the copies
     * @param noteNumber of the newest note in it; 0 for none
     * @param bytes of entries
     * @param hasEnded whether it is complete
     */
    public record Item(
            long segment, long incarnation, long noteNumber, int bytes, boolean hasEnded) {}

    /** Which entries are asked for. */
    public interface Filter {
        /** Whether those of {@code table} with this hash are. */
        boolean wants(int table, long hash);
    }

    /** Takes copies of entries. */
    public interface Sink {
        /**
         * An entry of {@code bytes} lies at {@code offset} of {@code memory}.
         *
         * @return whether there was room for it
         */
        boolean put(MemorySegment memory, int offset, int bytes);
    }

    /** None, until {@link #enter}. */
    public Backups(Disks disks, NanoClock clock, RandomGenerator random, MetricRegistry metrics) {
        this.disks = disks;
        this.clock = clock;
        this.random = random;
        bytesWritten = metrics.counter(BackupMetrics.BYTES);
        syncs = metrics.counter(BackupMetrics.SYNCS);
        syncNanos = metrics.counter(BackupMetrics.SYNC_NANOS);
        failures = metrics.counter(BackupMetrics.FAILURES);
        damaged = metrics.counter(BackupMetrics.DAMAGED);
        gauges.add(metrics.gauge(BackupMetrics.REPLICAS, () -> replicaCount));
        gauges.add(metrics.gauge(BackupMetrics.SIZE, () -> byteCount));
    }

    /** The cluster whose servers' replicas these are; 0 for none. */
    public long cluster() {
        return cluster;
    }

    /**
     * From now on there are the replicas of this cluster's servers and no others. Those of others
     * stay on their disks.
     *
     * @throws IOException when the disk fails; then there are none
     */
    public void enter(long cluster) throws IOException {
        closeLogs();
        this.cluster = 0;
        for (String name : disks.names()) {
            Matcher matcher = NAMES.matcher(name);
            if (matcher.matches() && Long.parseUnsignedLong(matcher.group(1), 16) == cluster) {
                int index = Integer.parseUnsignedInt(matcher.group(2));
                int generation = Integer.parseUnsignedInt(matcher.group(3));
                logs.put(new ServerId(index, generation).packed(), null);
            }
        }
        this.cluster = cluster;
    }

    private String nameOf(long master) {
        ServerId id = ServerId.of(master);
        return String.format(Locale.ROOT, NAME, cluster, id.index(), id.generation());
    }

    /** The replicas of a log; null when there are none. */
    private Replicas find(long master) throws IOException {
        return logs.containsKey(master) ? open(master) : null;
    }

    private Replicas open(long master) throws IOException {
        Replicas log = logs.get(master);
        if (log == null) {
            log = Replicas.open(disks.open(nameOf(master)), random);
            logs.put(master, log);
        }
        return log;
    }

    /**
     * Does a step.
     *
     * @throws IOException when the disk fails or is full; the message is for operators. Then the
     *     replica takes no more steps
     */
    public Outcome write(Step step) throws IOException {
        Replicas log = find(step.master);
        if (log == null && step.sequence > 0) {
            return Outcome.MISSING;
        }
        try {
            Outcome outcome = open(step.master).write(step);
            bytesWritten.add(step.note.byteSize() + step.entries.byteSize());
            succeeded();
            return outcome;
        } catch (IOException e) {
            failed(e);
            throw e;
        } finally {
            count();
        }
    }

    /** Whether a step that was done still counts: no sync has failed that was to make it safe. */
    public boolean has(Step step) {
        Replicas log = logs.get(step.master);
        return log != null && log.has(step);
    }

    /** Whether {@link #sync} has to come before anybody is told of the last steps. */
    public boolean needsSync() {
        boolean needs = false;
        for (Replicas log : logs.values()) {
            needs |= log != null && log.needsSync();
        }
        return needs;
    }

    /** Makes safe what was written. Steps that the disk failed are not {@link #has} any more. */
    public void sync() {
        long began = clock.nanoTime();
        boolean synced = false;
        for (Replicas log : logs.values()) {
            if (log != null && log.isUnsafe()) {
                synced = true;
                try {
                    log.sync();
                } catch (IOException e) {
                    failed(e);
                }
            }
        }
        if (synced) {
            syncs.increment();
            syncNanos.add(clock.nanoTime() - began);
            count();
        }
    }

    private void failed(IOException e) {
        failures.increment();
        failedAt = clock.nanoTime();
        if (!isFailing) {
            LOG.log(
                    Level.ERROR,
                    "replicas cannot be written to {0}, and are kept by other servers: {1}",
                    disks.path(),
                    e);
        }
        isFailing = true;
    }

    /** Much is failed and little is not when a disk is nearly full: that is said once. */
    private void succeeded() {
        if (isFailing && clock.nanoTime() - failedAt >= CALM_NANOS) {
            isFailing = false;
            LOG.log(Level.INFO, "replicas can be written to {0} again", disks.path());
        }
    }

    private void count() {
        long replicas = 0;
        long bytes = 0;
        for (Replicas log : logs.values()) {
            replicas += log == null ? 0 : log.all().size();
            bytes += log == null ? 0 : log.bytes();
        }
        replicaCount = replicas;
        byteCount = bytes;
    }

    /**
     * Removes the replica of a segment, if there is one and it is not of a later incarnation. After
     * a crash it may be there again until {@link #sync} has returned.
     *
     * @throws IOException when the disk fails; then it may still be there
     */
    public void drop(long master, long segment, long incarnation) throws IOException {
        Replicas log = find(master);
        if (log == null) {
            return;
        }
        try {
            log.drop(segment, incarnation);
        } catch (IOException e) {
            failed(e);
            throw e;
        } finally {
            count();
        }
    }

    /**
     * Finds out more of a log's replicas, one file at a time.
     *
     * @return whether all is known that {@link #list} needs
     * @throws IOException when the disk fails
     */
    public boolean prepareList(long master) throws IOException {
        Replicas log = find(master);
        if (log == null) {
            return true;
        }
        for (Replica replica : log.all()) {
            if (!replica.isKnown) {
                countDamage(log.know(replica));
                return false;
            }
        }
        return true;
    }

    private void countDamage(boolean isSound) {
        if (!isSound) {
            damaged.increment();
        }
    }

    /**
     * What counts of a log, when {@link #prepareList} has come to its end.
     *
     * @param epoch the log's
     * @throws IOException when the disk fails
     */
    public Listing list(long master, long epoch) throws IOException {
        Replicas log = find(master);
        byte[] note = {};
        Replica newest = null;
        while (log != null) {
            newest = newest(log, epoch);
            Kept kept = newest == null ? null : log.keptOf(newest);
            if (newest == null || kept != null) {
                note = newest == null ? note : kept.note();
                break;
            }
            countDamage(false);
        }
        List<Item> items = new ArrayList<>();
        if (log != null) {
            for (Replica each : log.all()) {
                if (each.counts(epoch)) {
                    items.add(
                            new Item(
                                    each.segment,
                                    each.incarnation,
                                    each.noteNumber,
                                    each.bytes,
                                    each.hasEnded));
                }
            }
        }
        return new Listing(newest == null ? 0 : newest.noteNumber, note, items);
    }

    /** The replica with the newest note, or null. */
    private static Replica newest(Replicas log, long epoch) {
        Replica newest = null;
        for (Replica replica : log.all()) {
            long least = newest == null ? 0 : newest.noteNumber;
            if (replica.counts(epoch) && replica.noteNumber > least) {
                newest = replica;
            }
        }
        return newest;
    }

    /**
     * Shows entries of tablets in a replica, in the order of the log, until there is no room.
     *
     * @param cursor 0 to begin, then what the call before returned
     * @return the next cursor, which is that of the first entry for which there was no room; 0 at
     *     the end; {@link #NOT_HERE} when there is no such replica, or it proves to be damaged, or
     *     no entry begins at {@code cursor}
     * @throws IOException when the disk fails
     */
    public int read(
            long master, long segment, long incarnation, int cursor, Filter filter, Sink sink)
            throws IOException {
        Entries entries = entries(master, segment, incarnation);
        if (entries == null || !entries.isBetween(cursor)) {
            return NOT_HERE;
        }
        int at = cursor;
        while (at < entries.bytes()) {
            int bytes = entries.stride(at);
            boolean isWanted =
                    entries.isOfTablet(at) && filter.wants(entries.table(at), entries.hash(at));
            if (isWanted && !sink.put(entries.memory(), at, bytes)) {
                return at;
            }
            at += bytes;
        }
        return 0;
    }

    private Entries entries(long master, long segment, long incarnation) throws IOException {
        Replicas log = find(master);
        Replica replica = log == null ? null : log.get(segment);
        if (replica == null) {
            return null;
        }
        if (!replica.isKnown) {
            countDamage(log.know(replica));
        }
        if (replica.isDamaged || replica.incarnation != incarnation) {
            return null;
        }
        Entries entries = replica.loaded;
        if (entries == null) {
            Kept kept = log.keptOf(replica);
            if (kept == null) {
                countDamage(false);
                return null;
            }
            entries = new Entries(kept.contents());
            replica.loaded = entries;
        }
        loaded.remove(replica);
        loaded.add(replica);
        if (loaded.size() > LOADED_MAX) {
            loaded.remove().loaded = null;
        }
        return entries;
    }

    /**
     * Removes some of what is left of logs that nobody needs.
     *
     * @param isNeeded whether the log of a master, packed, is
     * @return whether there is more
     */
    public boolean forgetSome(LongPredicate isNeeded) {
        Optional<Long> gone =
                logs.keySet().stream().filter(master -> !isNeeded.test(master)).findFirst();
        if (gone.isEmpty()) {
            return false;
        }
        long master = gone.get();
        try {
            Replicas log = open(master);
            if (!log.dropSome(REMOVED_AT_ONCE)) {
                log.close();
                logs.put(master, null);
                disks.remove(nameOf(master));
                logs.remove(master);
                LOG.log(Level.INFO, "the log of server {0} is forgotten", ServerId.of(master));
            }
            return true;
        } catch (IOException e) {
            failed(e);
            return false;
        } finally {
            count();
        }
    }

    private void closeLogs() {
        for (Entry<Long, Replicas> log : logs.entrySet()) {
            if (log.getValue() != null) {
                log.getValue().close();
            }
        }
        logs.clear();
        loaded.clear();
        count();
    }

    /** Makes nothing safe; {@link #sync} does. */
    @Override
    public void close() {
        closeLogs();
        for (AutoCloseable gauge : gauges) {
            try {
                gauge.close();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }
}
