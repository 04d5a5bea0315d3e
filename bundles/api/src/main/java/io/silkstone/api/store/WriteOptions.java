package io.silkstone.api.store;

/**
 * Conditions and extras of a change. Mutable and reusable, so that a change allocates nothing;
 * {@link #reset} before each use.
 *
 * <p>The reject rules are RAMCloud's: the change is refused when a rule that is set holds, and each
 * rule has a status of its own. They hold for writes, removals, increments and changes of expiry
 * alike, and are tried in this order:
 *
 * <table>
 * <caption>Reject rules</caption>
 * <tr><th>rule</th><th>no object</th><th>an object</th></tr>
 * <tr><td>{@link #rejectIfMissing()}</td><td>NOT_FOUND</td><td>goes on</td></tr>
 * <tr><td>{@link #rejectIfExists()}</td><td>goes on</td><td>EXISTS</td></tr>
 * <tr><td>{@link #requireVersion}</td><td>NOT_FOUND</td><td>WRONG_VERSION if not its
 *     version</td></tr>
 * <tr><td>{@link #rejectUpToVersion}</td><td>goes on</td><td>OLD_VERSION if its version is that or
 *     lower</td></tr>
 * </table>
 *
 * <p>An object that has expired counts as none.
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
    private long rejectedUpToVersion;
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
        rejectedUpToVersion = 0;
        returnPrevious = false;
        expiry = Expiry.NONE;
        expiryMillis = 0;
        type = 0;
        return this;
    }

    /** Takes everything over from {@code other}. */
    public WriteOptions set(WriteOptions other) {
        rejectIfMissing = other.rejectIfMissing;
        rejectIfExists = other.rejectIfExists;
        requiredVersion = other.requiredVersion;
        rejectedUpToVersion = other.rejectedUpToVersion;
        returnPrevious = other.returnPrevious;
        expiry = other.expiry;
        expiryMillis = other.expiryMillis;
        type = other.type;
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

    /**
     * Refuse with OLD_VERSION when the object's version is {@code version} or lower: RAMCloud's
     * {@code versionLeGiven}. Where there is no object the rule does not hold, whatever versions
     * there were before; {@link #rejectIfMissing()} refuses that. 0 is no rule, for every version
     * is higher.
     */
    public WriteOptions rejectUpToVersion(long version) {
        rejectedUpToVersion = version;
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

    /** See {@link #rejectUpToVersion}; 0 for no rule. */
    public long rejectedUpToVersion() {
        return rejectedUpToVersion;
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
