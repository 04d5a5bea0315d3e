package io.silkstone.api.migration;

import java.util.Objects;

/**
 * How a tablet moves, from its beginning to its end.
 *
 * @param order who serves it while it moves
 * @param parts into how many parts of the source's hash table it is cut, a power of two up to
 *     {@link #PARTS_MAX}; each is fetched by a thread of its own, with one pull under way while the
 *     one before is taken in
 * @param pace at which it begins
 */
public record MigrationPlan(Order order, int parts, MigrationPace pace) {
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

    /** Checks each value. */
    public MigrationPlan {
        Objects.requireNonNull(order, "order");
        Objects.requireNonNull(pace, "pace");
        if (parts < 1 || parts > PARTS_MAX || Integer.bitCount(parts) != 1) {
            throw new IllegalArgumentException(
                    "parts must be a power of two from 1 to " + PARTS_MAX + ", was " + parts);
        }
    }
}
