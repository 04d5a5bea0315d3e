package io.silkstone.api.migration;

import java.util.Objects;

/**
 * How a tablet moves, from its beginning to its end.
 *
 * @param order who serves it while it moves
 * @param parts into how many parts of the source's hash table it is cut, a power of two up to
 *     {@link #PARTS_MAX}; each is fetched by a thread of its own, with one pull under way while the
 *     one before is taken in. In log order so many threads share the stretches of the log
 * @param pullOrder in which order of the source's memory its objects come
 * @param pace at which it begins
 */
public record MigrationPlan(Order order, int parts, PullOrder pullOrder, MigrationPace pace) {
    /** The most parts. */
    public static final int PARTS_MAX = 64;

    /** What comes first: to own the tablet, or to have what is in it. */
    public enum Order {
        /**
         * This server owns the tablet from the beginning, and its objects follow: what clients ask
         * for comes first (Rocksteady).
         */
        OWN_THEN_COPY,

        /** The tablet is frozen and copied, and nobody serves it until all of it is here. */
        FREEZE_COPY_OWN,

        /**
         * The tablet is copied while its owner goes on serving it, and then what was changed
         * meanwhile, until little is left: it is frozen for as long as that takes (RAMCloud).
         */
        COPY_FREEZE_OWN
    }

    /** Through what of the source a pull goes. */
    public enum PullOrder {
        /** Its hash table, line by line (Rocksteady). */
        HASH,

        /**
         * Its log, segment by segment, and again through what its cleaner has moved meanwhile; not
         * with {@link Order#COPY_FREEZE_OWN}, where objects change under way. A source that cannot,
         * for want of memory or since it is older, is asked in hash order instead.
         */
        LOG
    }

    /** In hash order. */
    public MigrationPlan(Order order, int parts, MigrationPace pace) {
        this(order, parts, PullOrder.HASH, pace);
    }

    /** Checks each value. */
    public MigrationPlan {
        Objects.requireNonNull(order, "order");
        Objects.requireNonNull(pullOrder, "pullOrder");
        Objects.requireNonNull(pace, "pace");
        if (pullOrder == PullOrder.LOG && order == Order.COPY_FREEZE_OWN) {
            throw new IllegalArgumentException(
                    "in log order only a tablet comes that is frozen: order was " + order);
        }
        if (parts < 1 || parts > PARTS_MAX || Integer.bitCount(parts) != 1) {
            throw new IllegalArgumentException(
                    "parts must be a power of two from 1 to " + PARTS_MAX + ", was " + parts);
        }
    }
}
