package io.silkstone.api.store;

/**
 * Conditions and extras of a write. Mutable and reusable, so that a write allocates nothing; {@link
 * #reset} before each use.
 *
 * <p>The reject rules are RAMCloud's: the write is refused when a rule that is set holds.
 */
public final class WriteOptions {
    /** What a write does to the time of expiry. */
    public enum Expiry {
        /** The object never expires. */
        NONE,
        /** The object expires when the one before would have. */
        KEEP,
        /** The object expires at {@link #expiryMillis}. */
        AT
    }

    /** The highest type tag. */
    public static final int TYPE_MAX = 15;

    private boolean rejectIfMissing;
    private boolean rejectIfExists;
    private long requiredVersion;
    private boolean returnPrevious;
    private Expiry expiry = Expiry.NONE;
    private long expiryMillis;
    private int type;

    /** Options of a plain write. */
    public WriteOptions() {}

    /** Back to a plain write: no rule, no expiry, type 0, previous object not wanted. */
    public WriteOptions reset() {
        rejectIfMissing = false;
        rejectIfExists = false;
        requiredVersion = 0;
        returnPrevious = false;
        expiry = Expiry.NONE;
        expiryMillis = 0;
        type = 0;
        return this;
    }

    /** Refuse with NOT_FOUND when there is no object. */
    public WriteOptions rejectIfMissing() {
        rejectIfMissing = true;
        return this;
    }

    /** Refuse with EXISTS when there is an object. */
    public WriteOptions rejectIfExists() {
        rejectIfExists = true;
        return this;
    }

    /**
     * Refuse with WRONG_VERSION unless the object has {@code version}, and with NOT_FOUND without
     * one.
     */
    public WriteOptions requireVersion(long version) {
        requiredVersion = version;
        return this;
    }

    /** Show the object that was there before. */
    public WriteOptions returnPrevious() {
        returnPrevious = true;
        return this;
    }

    /** The object keeps the time of expiry of the one before. */
    public WriteOptions keepExpiry() {
        expiry = Expiry.KEEP;
        return this;
    }

    /**
     * The object expires at {@code millis} since 1970; a time that is over is as good as removal.
     */
    public WriteOptions expireAt(long millis) {
        expiry = Expiry.AT;
        expiryMillis = millis;
        return this;
    }

    /**
     * The object's type tag, 0 to {@link #TYPE_MAX}.
     *
     * @throws IllegalArgumentException when it is not
     */
    public WriteOptions type(int tag) {
        if (tag < 0 || tag > TYPE_MAX) {
            throw new IllegalArgumentException("a type tag is 0 to 15, not " + tag);
        }
        type = tag;
        return this;
    }

    /** See {@link #rejectIfMissing()}. */
    public boolean rejectsMissing() {
        return rejectIfMissing;
    }

    /** See {@link #rejectIfExists()}. */
    public boolean rejectsExisting() {
        return rejectIfExists;
    }

    /** The version asked for, 0 for any. */
    public long requiredVersion() {
        return requiredVersion;
    }

    /** See {@link #returnPrevious()}. */
    public boolean wantsPrevious() {
        return returnPrevious;
    }

    /** What happens to the expiry. */
    public Expiry expiry() {
        return expiry;
    }

    /** Time of expiry for {@link Expiry#AT}. */
    public long expiryMillis() {
        return expiryMillis;
    }

    /** The type tag. */
    public int type() {
        return type;
    }
}
