package io.silkstone.store;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.store.index.HashTable;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What is still to come to a tablet that this store serves already, from the server that had it:
 * Rocksteady's target (SOSP 2017, section 3). That server's copy does not change any more, so an
 * object that is here is the newest, and one that is not may be there.
 *
 * <p>A hash is <em>known</em> once all objects of it that the other server had have come, or are
 * known not to be there: so what is not found under a known hash is nowhere. Hashes become known by
 * being asked for: whoever misses an object {@link #want}s its hash, comes again later, and
 * meanwhile whoever brings the bulk asks for it (PriorityPull). The bulk comes without being
 * wanted, and makes nothing known: it is not told which hashes are empty.
 *
 * <p>What is removed here must not come back with the bulk. So only objects of known hashes are
 * removed or made to expire: then the bulk leaves out what has a known hash, and nothing is to be
 * remembered of removals.
 *
 * <p>Threads: any. The look at a hash that is not wanted takes no lock.
 */
final class Incoming {
    private static final int KNOWN_FIRST = 64;

    /** Spreads hashes of one tablet, which may have many bits in common. */
    private static final long SCATTER = 0x9E3779B97F4A7C15L;

    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);

    /** More that are wanted at a time have to be wanted again. */
    private static final int WANTED_MAX = 1_024;

    private final Runnable wake;

    /** Open addressing, 0 for free; twice as long as there are hashes, at least. */
    private volatile long[] known = new long[KNOWN_FIRST];

    private volatile boolean zeroIsKnown;
    private volatile boolean ended;
    private int knownCount;
    private final long[] wanted = new long[WANTED_MAX];
    private int wantedCount;

    /**
     * Everything is to come.
     *
     * @param wake called when a hash is wanted; must be cheap
     */
    Incoming(Runnable wake) {
        this.wake = wake;
    }

    /** Everything has come. */
    static Incoming ended() {
        Incoming ended = new Incoming(() -> {});
        ended.end();
        return ended;
    }

    /** Whether what is not here of {@code hash} is nowhere; ask before looking. */
    boolean knows(long hash) {
        if (ended) {
            return true;
        }
        if (hash == 0) {
            return zeroIsKnown;
        }
        long[] current = known;
        int place = placeOf(hash, current.length);
        long found = (long) ELEMENT.getAcquire(current, place);
        while (found != 0 && found != hash) {
            place = place + 1 & current.length - 1;
            found = (long) ELEMENT.getAcquire(current, place);
        }
        return found == hash;
    }

    /**
     * Whether a write comes to the same whatever there was of its key before. One that has the
     * object expire does not: when that is gone, what comes later would be taken for one that is
     * missing.
     */
    static boolean isBlind(WriteOptions options) {
        boolean hasRules =
                options.rejectsMissing()
                        || options.rejectsExisting()
                        || options.requiredVersion() != 0
                        || options.rejectedUpToVersion() != 0;
        return !hasRules
                && !options.wantsPrevious()
                && options.expiry() == WriteOptions.Expiry.NONE;
    }

    /**
     * Whether an object can be put although the other server may have one of its key: when that
     * would make no difference, or there is one here, which is newer. What is put must stay.
     *
     * @param isWrite whether it is a write, and no sum
     */
    boolean permits(boolean isWrite, HashTable index, Key key, WriteOptions options) {
        boolean expires = options.expiry() == WriteOptions.Expiry.AT;
        return isWrite && isBlind(options) || !expires && index.find(key) != 0;
    }

    /**
     * Somebody needs what there is of {@code hash}.
     *
     * @return what to answer meanwhile
     */
    Status want(long hash) {
        boolean isNew;
        synchronized (this) {
            isNew = wantedCount < wanted.length && !isWanted(hash);
            if (isNew) {
                wanted[wantedCount++] = hash;
            }
        }
        if (isNew) {
            wake.run();
        }
        return Status.RETRY_LATER;
    }

    private boolean isWanted(long hash) {
        boolean found = false;
        for (int index = 0; index < wantedCount && !found; index++) {
            found = wanted[index] == hash;
        }
        return found;
    }

    /**
     * Hashes that are wanted and not known, for one that asks for them. They stay wanted until they
     * are known.
     *
     * @return how many there are in {@code hashes}
     */
    synchronized int wanted(long[] hashes) {
        int kept = 0;
        for (int index = 0; index < wantedCount; index++) {
            if (!knows(wanted[index])) {
                wanted[kept++] = wanted[index];
            }
        }
        wantedCount = kept;
        int count = Math.min(kept, hashes.length);
        System.arraycopy(wanted, 0, hashes, 0, count);
        return count;
    }

    /** All that the other server had of {@code hash} is here. */
    synchronized void know(long hash) {
        if (knows(hash)) {
            return;
        }
        if (hash == 0) {
            zeroIsKnown = true;
            return;
        }
        if (2 * (knownCount + 1) > known.length) {
            long[] longer = new long[2 * known.length];
            for (long each : known) {
                if (each != 0) {
                    put(longer, each);
                }
            }
            known = longer;
        }
        put(known, hash);
        knownCount++;
    }

    private static void put(long[] hashes, long hash) {
        int place = placeOf(hash, hashes.length);
        while (hashes[place] != 0) {
            place = place + 1 & hashes.length - 1;
        }
        ELEMENT.setRelease(hashes, place, hash);
    }

    private static int placeOf(long hash, int length) {
        return (int) (hash * SCATTER >>> Integer.SIZE) & length - 1;
    }

    /** Nothing comes any more: what is not here is nowhere. */
    void end() {
        ended = true;
    }

    /** Whether {@link #end} was called. */
    boolean hasEnded() {
        return ended;
    }
}
