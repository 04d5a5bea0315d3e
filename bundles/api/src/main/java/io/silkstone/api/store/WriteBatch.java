package io.silkstone.api.store;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * Changes of one table that are made together by {@link KvSession#writeAll}, and what became of
 * each. Mutable and reusable: {@link #clear} it before the next use; once it has grown to the usual
 * number of changes it allocates nothing. Not thread-safe.
 *
 * <p>Keys and options are copied; the bytes of keys and values are not, and must stay as they are
 * until the batch was written. {@link WriteOptions#returnPrevious} has no effect here.
 */
public final class WriteBatch {
    /**
     * Most changes in one batch: others wait while it is made, so it is to be a few milliseconds.
     */
    public static final int CHANGES_MAX = 16_384;

    private static final int CHANGES_KEPT_MAX = 1024;
    private static final Key NO_KEY = new Key();

    private static final class Change {
        private final Key key = new Key();
        private final WriteOptions options = new WriteOptions();
        private boolean removes;
        private MemorySegment value = MemorySegment.NULL;
        private long offset;
        private int length;
        private Status status;
        private long version;
    }

    private Change[] changes = {};
    private int size;
    private int refused = -1;

    /** Without changes. */
    public WriteBatch() {}

    /** Forgets all changes and lets go of their memory. */
    public WriteBatch clear() {
        if (changes.length > CHANGES_KEPT_MAX) {
            changes = Arrays.copyOf(changes, CHANGES_KEPT_MAX);
        }
        for (int index = 0; index < Math.min(size, changes.length); index++) {
            changes[index].key.wrap(NO_KEY);
            changes[index].value = MemorySegment.NULL;
        }
        size = 0;
        refused = -1;
        return this;
    }

    /**
     * Adds a write of {@code length} bytes of {@code value} from {@code offset} on, as {@link
     * KvSession#write} has it.
     *
     * @return false when there are {@link #CHANGES_MAX} changes already; nothing is added then
     */
    public boolean write(
            Key key, MemorySegment value, long offset, int length, WriteOptions options) {
        Objects.checkFromIndexSize(offset, length, value.byteSize());
        Change change = next(key, options);
        if (change == null) {
            return false;
        }
        change.removes = false;
        change.value = value;
        change.offset = offset;
        change.length = length;
        return true;
    }

    /**
     * Adds a removal. Unlike {@link KvSession#remove} it is done, with version 0, when there is no
     * such object; {@link WriteOptions#rejectIfMissing()} makes it a condition.
     *
     * @return false when there are {@link #CHANGES_MAX} changes already; nothing is added then
     */
    public boolean remove(Key key, WriteOptions options) {
        Change change = next(key, options);
        if (change == null) {
            return false;
        }
        change.removes = true;
        change.value = MemorySegment.NULL;
        change.offset = 0;
        change.length = 0;
        return true;
    }

    private Change next(Key key, WriteOptions options) {
        if (size == CHANGES_MAX) {
            return null;
        }
        if (size == changes.length) {
            changes = Arrays.copyOf(changes, Math.max(8, 2 * size));
        }
        if (changes[size] == null) {
            changes[size] = new Change();
        }
        Change change = changes[size++];
        change.key.wrap(key);
        change.options.set(options);
        change.status = Status.ABANDONED;
        change.version = 0;
        return change;
    }

    private Change change(int index) {
        Objects.checkIndex(index, size);
        return changes[index];
    }

    /** How many changes there are. */
    public int size() {
        return size;
    }

    /** The key of a change. */
    public Key key(int index) {
        return change(index).key;
    }

    /** The options of a change. */
    public WriteOptions options(int index) {
        return change(index).options;
    }

    /** Whether a change is a removal. */
    public boolean removes(int index) {
        return change(index).removes;
    }

    /** The memory that {@link #offset} counts from. */
    public MemorySegment value(int index) {
        return change(index).value;
    }

    /** Where the value of a write begins. */
    public long offset(int index) {
        return change(index).offset;
    }

    /** Length of the value of a write in bytes. */
    public int length(int index) {
        return change(index).length;
    }

    /**
     * How a change ended: OK when it was made; what was wrong with it; ABANDONED when that was
     * nothing, and the batch was not made.
     */
    public Status status(int index) {
        return change(index).status;
    }

    /** The version that a change gave or removed, or that its reject rule met; 0 for none. */
    public long version(int index) {
        return change(index).version;
    }

    /** The first change that was refused; -1 for none, also when the batch as a whole was. */
    public int refused() {
        return refused;
    }

    /** For the store: nothing is known of any change. */
    public void forgetResults() {
        refused = -1;
        for (int index = 0; index < size; index++) {
            answer(index, Status.ABANDONED, 0);
        }
    }

    /** For the store: what became of a change. */
    public void answer(int index, Status status, long version) {
        Change change = change(index);
        change.status = status;
        change.version = version;
        if (status != Status.OK && status != Status.ABANDONED && refused < 0) {
            refused = index;
        }
    }
}
