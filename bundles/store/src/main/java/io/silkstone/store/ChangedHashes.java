package io.silkstone.store;

/**
 * Which hashes of a tablet were changed while another server copies it and this store goes on
 * serving it: what lets a source retain ownership, as RAMCloud's did before Rocksteady (SOSP 2017).
 *
 * <p>RAMCloud copies the log from its beginning to its head, and then what was appended meanwhile.
 * Here removals leave no trace in a log without replicas, and the cleaner moves entries behind
 * whoever reads it. So each change marks the hash of its key, and who copies asks in
 * <em>rounds</em> for what was marked since the round before began, each hash with all objects of
 * it, or none. A round stays as it is until the next one begins, so any part of it can be asked for
 * again when a message is lost.
 *
 * <p><b>No change is missed.</b> A change is marked after it can be seen, within its operation, and
 * objects are read after their hash was taken out. Who reads too early to see a change has taken
 * the hash out before the mark, so the mark belongs to the round that follows. What is marked late
 * matters only to the last round, which begins when the tablet is frozen: no operation is under way
 * on it by then, see {@link TabletGate}. The record itself begins behind the gate too, before
 * anything is copied. What expires needs no mark, since copies have the same expiry.
 *
 * <p>So many changes are remembered and no more; then the record is void, and with it the copy.
 *
 * <p>Threads: any for {@link #mark}, which takes a lock for some dozen instructions, or for as long
 * as a part of the set takes to grow; {@link #round} one.
 */
final class ChangedHashes {
    /** About so many hashes are remembered at a time, in 16 MiB. */
    static final int HASHES_MAX = 1 << 20;

    private static final int STRIPES = 64;
    private static final int LENGTH_FIRST = 16;

    /** Spreads hashes of one tablet, which may have many bits in common. */
    private static final long SCATTER = 0x9E3779B97F4A7C15L;

    private static final int STRIPE_SHIFT = Long.SIZE - Integer.numberOfTrailingZeros(STRIPES);
    private static final int PLACE_SHIFT = 26;

    private final long id;
    private final long server;
    private final long number;
    private final int stripeHashesMax;
    private final Stripe[] stripes = new Stripe[STRIPES];
    private volatile boolean overflows;

    /** What {@link #round} gave last. */
    private long[] changed = {};

    private long round;

    /** Some of the hashes, in open addressing, 0 for free. */
    private static final class Stripe {
        private long[] hashes = new long[LENGTH_FIRST];
        private boolean hasZero;
        private int count;

        /** Returns false when there are {@code most} others already. */
        synchronized boolean add(long hash, int most) {
            if (hash == 0) {
                hasZero = true;
                return true;
            }
            int place = placeOf(hash, hashes);
            if (hashes[place] == hash) {
                return true;
            }
            if (count == most) {
                return false;
            }
            hashes[place] = hash;
            count++;
            if (2 * count > hashes.length) {
                grow();
            }
            return true;
        }

        private void grow() {
            long[] longer = new long[2 * hashes.length];
            for (long each : hashes) {
                if (each != 0) {
                    longer[placeOf(each, longer)] = each;
                }
            }
            hashes = longer;
        }

        /** Where {@code hash} is, or may be put. */
        private static int placeOf(long hash, long[] hashes) {
            int mask = hashes.length - 1;
            int place = (int) (hash * SCATTER >>> PLACE_SHIFT) & mask;
            while (hashes[place] != 0 && hashes[place] != hash) {
                place = place + 1 & mask;
            }
            return place;
        }

        /** Returns all of them; there are none afterwards. */
        synchronized long[] take() {
            long[] taken = new long[hasZero ? count + 1 : count];
            int end = 0;
            for (long each : hashes) {
                if (each != 0) {
                    taken[end++] = each;
                }
            }
            hashes = new long[LENGTH_FIRST];
            hasZero = false;
            count = 0;
            return taken;
        }
    }

    /**
     * Nothing was changed yet.
     *
     * @param id no other record of this store has it
     * @param server who copies the tablet
     * @param number which of its copies this is; later ones have higher numbers
     */
    ChangedHashes(long id, long server, long number) {
        this(id, server, number, HASHES_MAX);
    }

    /** For tests: remembers about {@code hashesMax}. */
    ChangedHashes(long id, long server, long number, int hashesMax) {
        this.id = id;
        this.server = server;
        this.number = number;
        stripeHashesMax = hashesMax / STRIPES;
        for (int index = 0; index < STRIPES; index++) {
            stripes[index] = new Stripe();
        }
    }

    /**
     * Who asks for it by this has been told of it when it began: it is not one that began anew, by
     * a request that came late, and has missed something.
     */
    long id() {
        return id;
    }

    /** Whether it is kept for that copy. */
    boolean isFor(long otherServer, long otherNumber) {
        return server == otherServer && number == otherNumber;
    }

    /** Whether a later copy of the same server takes its place. */
    boolean givesWayTo(long otherServer, long otherNumber) {
        return server == otherServer && number < otherNumber;
    }

    /** An object of {@code hash} was changed, by an operation that has not ended. */
    void mark(long hash) {
        Stripe stripe = stripes[(int) (hash * SCATTER >>> STRIPE_SHIFT)];
        if (!overflows && !stripe.add(hash, stripeHashesMax)) {
            overflows = true;
        }
    }

    /**
     * What was changed since the round before began, in any order.
     *
     * @param number of the round that is under way, or of the next one, which begins by that; the
     *     first is 1
     * @return null when it is another one, or not all that was changed is known
     */
    long[] round(long number) {
        if (number == round + 1) {
            changed = take();
            round = number;
        }
        return number == round && !overflows ? changed : null;
    }

    private long[] take() {
        long[][] parts = new long[STRIPES][];
        int count = 0;
        for (int index = 0; index < STRIPES; index++) {
            parts[index] = stripes[index].take();
            count += parts[index].length;
        }
        long[] taken = new long[count];
        int end = 0;
        for (long[] part : parts) {
            System.arraycopy(part, 0, taken, end, part.length);
            end += part.length;
        }
        return taken;
    }
}
