package io.silkstone.store.index;

import io.silkstone.api.store.Key;
import io.silkstone.store.memory.Backoff;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;

/**
 * Finds the log entry of a key: RAMCloud's cache-line hash table, made to grow while it serves.
 *
 * <h2>Lines</h2>
 *
 * A line is one cache line of eight words, so that a look-up costs one miss for the line and one
 * for the entry (RAMCloud, TOCS 2015, section 2; our own measurements in
 * specs/migration-data-path.md):
 *
 * <pre>
 *   word 0..6   | tag 63..48 | address of a log entry 47..0 |     0 = empty
 *   word 7      | version 63..48 | first overflow node 47..5 | 0 | locked 0 |
 * </pre>
 *
 * The tag is 16 bits of the key hash that play no part in choosing the line; a tag that matches by
 * chance is sorted out by the key hash in the entry's header, and that by the key itself. A full
 * line is lengthened by nodes of 32 bytes ({@link OverflowNodes}); RAMCloud lengthens by whole
 * lines, which at our load would cost 14.2 bytes an object where this costs 12.9 (numbers in
 * docs/decisions/0030-hash-table.md).
 *
 * <h2>Growth</h2>
 *
 * RAMCloud sizes its table once for ever. This one grows by linear hashing (Litwin, VLDB 1980):
 * with n lines, 2^L &lt;= n &lt; 2^(L+1), a hash belongs to the line of its low L+1 bits if there
 * is such a line, else to that of its low L bits. Line n comes into being by splitting line n -
 * 2^L. So each insert pays for at most one split of about a dozen entries, and never is there a
 * second table nor a pause. Lines lie in chunks, reached through a directory of one array.
 *
 * <h2>Readers</h2>
 *
 * take no lock and write nothing. A reference that is read is always right: it was in the table at
 * that moment, and the epoch that the reader is in keeps the entry's memory. Only <em>not</em>
 * finding a key can be wrong, namely when a split moved the entry meanwhile. Entries change their
 * slot in no other way, with one exception that no reader can notice (see {@link #claim}).
 * Therefore a split makes the line's version odd before and even after it, and a reader that found
 * nothing looks again if the version was odd or changed, or if the hash by now belongs to another
 * line. The version cannot come round within a look-up: a line is split once per doubling of the
 * table.
 *
 * <h2>Writers</h2>
 *
 * lock the line, a spin lock in word 7. The splitter locks the old line, prepares the new one
 * already locked, publishes the new number of lines, clears what moved from the old one, and
 * unlocks both. So no writer can replace a reference in one of the lines while a reader may still
 * see its copy in the other.
 *
 * <p>When memory for growth is refused the table goes on with longer chains, and {@link #claim}
 * says when even that has come to its end.
 *
 * <p>Threads: any. Callers of every method but {@link #count}, {@link #lines} and {@link #bytes}
 * are inside an epoch, so that neither entries nor, after {@link #close}, lines vanish under them.
 */
public final class HashTable implements AutoCloseable {
    private static final int SLOTS = 7;
    private static final int LINE_SHIFT = 6;
    private static final int CONTROL = SLOTS * Long.BYTES;
    private static final int NODE_SLOTS = OverflowNodes.NODE_BYTES / Long.BYTES;
    private static final long ADDRESS_MASK = (1L << 48) - 1;
    private static final int TAG_SHIFT = 48;

    /** Hash bits 34 to 49: above any line number, below the hash slot. */
    private static final int TAG_HASH_SHIFT = 34;

    private static final long LOCKED = 1;
    private static final long VERSION_ONE = 1L << 48;
    private static final long VERSION_MASK = -1L << 48;
    private static final long NODE_MASK = ADDRESS_MASK & -OverflowNodes.NODE_BYTES;

    private static final int LINES_FIRST = 16;

    /** Objects per four lines; gives 4.9 to 5.2 per 64 bytes with the overflow nodes. */
    private static final int LOAD_QUARTERS = 23;

    private static final int RANDOM_SLOTS = 32;
    private static final int RANDOM_ATTEMPTS = 128;

    private static final VarHandle LINES;

    static {
        try {
            LINES = MethodHandles.lookup().findVarHandle(HashTable.class, "lines", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final LineMemory memory;
    private final Backoff backoff;
    private final OverflowNodes nodes;
    private final ObjectCount objects = new ObjectCount();
    private final int loadQuarters;
    private final int chunkShift;
    private final int chunkMask;

    /** Addresses of the chunks; elements are set before the lines in them are published. */
    private long[] chunks;

    @SuppressWarnings("FieldMayBeFinal") // by LINES
    private long lines;

    /** Held while a line is split; guards what follows. */
    private final AtomicBoolean growing = new AtomicBoolean();

    private int chunkCount;
    private long[] kept = new long[64];
    private long[] moved = new long[64];
    private long[] oldNodes = new long[16];
    private long[] newNodes = new long[16];

    private HashTable(
            LineMemory memory, Backoff backoff, long firstChunk, int lines, int loadQuarters) {
        this.memory = memory;
        this.backoff = backoff;
        this.loadQuarters = loadQuarters;
        nodes = new OverflowNodes(memory, backoff);
        chunkShift = Integer.numberOfTrailingZeros(memory.chunkBytes()) - LINE_SHIFT;
        chunkMask = (1 << chunkShift) - 1;
        chunks = new long[] {firstChunk};
        chunkCount = 1;
        for (int index = 0; index < lines; index++) {
            clearLine(firstChunk + ((long) index << LINE_SHIFT), 0);
        }
        LINES.setRelease(this, (long) lines);
    }

    /** An empty table of one chunk; null when the memory refuses that. */
    public static HashTable open(LineMemory memory, Backoff backoff) {
        int fit = memory.chunkBytes() >>> LINE_SHIFT;
        return open(memory, backoff, Math.min(LINES_FIRST, fit), LOAD_QUARTERS);
    }

    /** For tests: begins with few {@code lines}, splits at {@code loadQuarters} per four lines. */
    static HashTable open(LineMemory memory, Backoff backoff, int lines, int loadQuarters) {
        long chunk = memory.allocateChunk();
        return chunk == 0 ? null : new HashTable(memory, backoff, chunk, lines, loadQuarters);
    }

    /** Objects in the table. */
    public long count() {
        return objects.get();
    }

    /** Lines, without overflow. */
    public long lines() {
        return (long) LINES.getAcquire(this);
    }

    /** Memory taken. */
    public long bytes() {
        long chunkLines = lines() + chunkMask >>> chunkShift;
        return (chunkLines + nodes.chunkCount()) * memory.chunkBytes();
    }

    /**
     * Reads the line of {@code hash}, so that it is in the cache soon.
     *
     * @return to be used somewhere, or else the compiler drops the read
     */
    public long prefetch(long hash) {
        return memory.get(lineOf(hash));
    }

    /**
     * Reads the lines of the keys from {@code first} to {@code end}, and then the entries that they
     * probably lead to, so that all are in the cache soon. Two loops with little in them, so that
     * the processor waits for many misses at a time (specs/redis-protocol.md measured 25 % on SET).
     *
     * @return to be used somewhere, or else the compiler drops the reads
     */
    public long prefetch(Key[] keys, int first, int end) {
        long sum = 0;
        for (int index = first; index < end; index++) {
            sum += memory.get(lineOf(keys[index].hash()));
        }
        for (int index = first; index < end; index++) {
            long hash = keys[index].hash();
            long tag = tagOf(hash);
            long line = lineOf(hash);
            long entry = line;
            for (int offset = 0; offset < CONTROL; offset += Long.BYTES) {
                long word = memory.get(line + offset);
                entry = (word ^ tag) >>> TAG_SHIFT == 0 && isEntry(word) ? word : entry;
            }
            sum += memory.touch(entry & ADDRESS_MASK);
        }
        return sum;
    }

    /** Address of the entry that has this key; 0 when there is none. */
    public long find(Key key) {
        long hash = key.hash();
        long tag = tagOf(hash);
        for (int attempt = 0; ; attempt++) {
            long line = lineOf(hash);
            long control = memory.getAcquire(line + CONTROL);
            for (int offset = 0; offset < CONTROL; offset += Long.BYTES) {
                long word = memory.get(line + offset);
                if ((word ^ tag) >>> TAG_SHIFT == 0 && isEntryOf(word, hash, key)) {
                    return word & ADDRESS_MASK;
                }
            }
            if ((control & NODE_MASK) != 0) {
                long entry = findInNodes(control & NODE_MASK, hash, tag, key);
                if (entry != 0) {
                    return entry;
                }
            }
            if (isUnmoved(line, control) && lineOf(hash) == line) {
                return 0;
            }
            backoff.idle(attempt);
        }
    }

    /**
     * Locks the line of {@code hash} against other writers. Readers go on. Whoever holds a line
     * must neither block nor lock another one, and unlocks it soon.
     *
     * @return the line, to be handed to the methods below
     */
    public long lock(long hash) {
        for (int attempt = 0; ; attempt++) {
            long line = lineOf(hash);
            if (tryLock(line)) {
                if (lineOf(hash) == line) {
                    return line;
                }
                unlock(line);
            }
            backoff.idle(attempt);
        }
    }

    /** Unlocks the line that {@link #lock} returned. */
    public void unlock(long line) {
        long control = memory.get(line + CONTROL);
        assert (control & LOCKED) != 0;
        memory.setRelease(line + CONTROL, control & ~LOCKED);
    }

    /** The slot of {@code key} in a locked line; 0 when there is none. */
    public long locate(long line, Key key) {
        long hash = key.hash();
        long tag = tagOf(hash);
        for (long slot = line; slot != 0; slot = next(line, slot)) {
            long word = memory.get(slot);
            if ((word ^ tag) >>> TAG_SHIFT == 0 && isEntryOf(word, hash, key)) {
                return slot;
            }
        }
        return 0;
    }

    /** The entry that a slot refers to. */
    public long entryAt(long slot) {
        return memory.get(slot) & ADDRESS_MASK;
    }

    /** Lets {@code slot} of a locked line refer to {@code entry}, which has the same key. */
    public void replace(long slot, long entry) {
        assert (entry & ~ADDRESS_MASK) == 0;
        memory.setRelease(slot, memory.get(slot) & ~ADDRESS_MASK | entry);
    }

    /** Empties {@code slot} of a locked line. */
    public void remove(long slot) {
        assert memory.get(slot) != 0;
        memory.setRelease(slot, 0);
        objects.add(-1);
    }

    /**
     * An empty slot of a locked line, which is lengthened when it has none. Slots located before
     * are void afterwards. Claim before the entry is written: then an insert cannot fail half-way.
     *
     * @return the slot, for {@link #fill}; 0 when memory for lengthening the line is refused
     */
    public long claim(long line) {
        return claim(line, null);
    }

    /** As {@link #claim(long)}, but the line is lengthened by one of {@code spares}. */
    public long claim(long line, Spares spares) {
        long last = line;
        for (long slot = line; slot != 0; slot = next(line, slot)) {
            if (memory.get(slot) == 0) {
                return slot;
            }
            last = slot;
        }
        long node = spares == null ? nodes.take() : spares.first;
        if (node == 0) {
            return 0;
        }
        if (spares != null) {
            spares.first = nodes.unlink(node);
        }
        if (last < line + CONTROL && last >= line) {
            long control = memory.get(line + CONTROL);
            memory.setRelease(line + CONTROL, control | node);
            return node;
        }
        // The last node's last word gives way to a link. Its reference is in the new node before
        // the link is there to see, so a reader meets it in one place or the other.
        memory.set(node, memory.get(last));
        memory.setRelease(last, node | OverflowNodes.LINK);
        return node + Long.BYTES;
    }

    /**
     * Memory that is set aside for some inserts, which then cannot fail: each lengthens its line at
     * most once. One thread's; empty before {@link #reserve} and after {@link #release}.
     */
    public static final class Spares {
        private long first;

        /** None. */
        public Spares() {}
    }

    /**
     * Sets memory aside for {@code count} inserts, to be released in the end.
     *
     * @return false when it is refused; {@code spares} is empty then
     */
    public boolean reserve(int count, Spares spares) {
        assert spares.first == 0;
        spares.first = nodes.takeChain(count);
        return count == 0 || spares.first != 0;
    }

    /** Takes back what was not needed. */
    public void release(Spares spares) {
        if (spares.first != 0) {
            nodes.giveChain(spares.first);
            spares.first = 0;
        }
    }

    /**
     * Lets the empty {@code slot} of a locked line refer to {@code entry}. Call {@link #grow} after
     * unlocking.
     */
    public void fill(long slot, long hash, long entry) {
        assert memory.get(slot) == 0 && entry != 0 && (entry & ~ADDRESS_MASK) == 0;
        memory.setRelease(slot, tagOf(hash) | entry);
        objects.add(1);
    }

    /**
     * Splits one line if the table is crowded, as one insert's share of growing. Cheap when there
     * is nothing to do; leaves the work to a later call when another thread is in the way or memory
     * is refused. No line may be locked by the caller.
     */
    public void grow() {
        if (!isCrowded() || growing.getPlain() || !growing.compareAndSet(false, true)) {
            return;
        }
        try {
            if (isCrowded()) {
                split();
            }
        } finally {
            growing.setRelease(false);
        }
    }

    /**
     * Splits lines until the table is as long as {@code objects} more make it, so that they find
     * their places one by one and not in a few long lines: needed where they come in the order of a
     * {@link #scan}, of which the first part fits into few lines of a short table.
     *
     * @param splitsMax how many lines to split at most
     * @return whether there is more to do; false also when memory is refused
     */
    public boolean growFor(long objects, int splitsMax) {
        long wanted = (count() + objects) * 4 / loadQuarters;
        if (lines() >= wanted || !growing.compareAndSet(false, true)) {
            return lines() < wanted;
        }
        try {
            long before = lines();
            int tries = 0;
            while (tries < splitsMax && lines() < wanted) {
                split();
                tries++;
            }
            return lines() > before && lines() < wanted;
        } finally {
            growing.setRelease(false);
        }
    }

    /**
     * For the cleaner, which moved an entry: refers to {@code entry} where the table referred to
     * {@code before}.
     *
     * @return false when the table refers to {@code before} no longer; nothing has changed then
     */
    public boolean replaceIf(long hash, long before, long entry) {
        long line = lock(hash);
        long slot = slotOf(line, tagOf(hash) | before);
        if (slot != 0) {
            replace(slot, entry);
        }
        unlock(line);
        return slot != 0;
    }

    /**
     * For expiry: forgets {@code entry}.
     *
     * @return false when the table does not refer to it
     */
    public boolean removeIf(long hash, long entry) {
        long line = lock(hash);
        long slot = slotOf(line, tagOf(hash) | entry);
        if (slot != 0) {
            remove(slot);
        }
        unlock(line);
        return slot != 0;
    }

    /**
     * Visits the entries of one line. Entries that are in the table from the call with cursor 0 to
     * the call that returns 0 are visited at least once, however the table changes meanwhile.
     *
     * <p>The cursor walks through the hashes in the order of their reversed bits, as Redis's does.
     * In that order the hashes of a line are one interval, and a split cuts an interval in two:
     * what lies behind the cursor stays behind it.
     *
     * @param cursor 0 to begin, then what the call before returned; any other number is as good as
     *     some place in the middle
     * @return the next cursor, 0 at the end
     */
    public long scan(long cursor, EntryVisitor visitor) {
        for (int attempt = 0; ; attempt++) {
            long total = lines();
            long line = lineOf(cursor, total);
            long control = memory.getAcquire(line + CONTROL);
            int bits = hashBits(cursor, total);
            if (bits == hashBits(cursor, lines())) {
                for (long slot = line; slot != 0; slot = next(line, slot)) {
                    long word = memory.get(slot);
                    if (isEntry(word)) {
                        visitor.visit(word & ADDRESS_MASK);
                    }
                }
                if (isUnmoved(line, control)) {
                    return Long.reverse(endOfInterval(Long.reverse(cursor), bits));
                }
            }
            backoff.idle(attempt);
        }
    }

    /**
     * Reads {@code count} lines in the order of a {@link #scan} from {@code cursor} on, and then
     * the beginnings of their entries, so that all are in the cache soon. Two loops with little in
     * them, as in the other.
     *
     * @return to be used somewhere, or else the compiler drops the reads
     */
    public long prefetch(long cursor, int count) {
        long total = lines();
        long sum = 0;
        long position = Long.reverse(cursor);
        for (int index = 0; index < count; index++) {
            sum += memory.get(lineOf(Long.reverse(position), total));
            position = endOfInterval(position, hashBits(Long.reverse(position), total));
        }
        position = Long.reverse(cursor);
        for (int index = 0; index < count; index++) {
            long line = lineOf(Long.reverse(position), total);
            for (int offset = 0; offset < CONTROL; offset += Long.BYTES) {
                long word = memory.get(line + offset);
                long entry = isEntry(word) ? word & ADDRESS_MASK : line;
                sum += memory.touch(entry);
            }
            position = endOfInterval(position, hashBits(Long.reverse(position), total));
        }
        return sum;
    }

    /** Some entry, each with about the same chance; 0 when the table is empty. */
    public long random(RandomGenerator random) {
        // A random slot of a random line, empty or not: entries of long chains and short ones, of
        // lines that are split already and those that are not, have the same chance.
        for (int attempt = 0; attempt < RANDOM_ATTEMPTS && count() > 0; attempt++) {
            long line = address(random.nextLong(lines()));
            long slot = line;
            for (int skip = random.nextInt(RANDOM_SLOTS); skip > 0 && slot != 0; skip--) {
                slot = next(line, slot);
            }
            long word = slot == 0 ? 0 : memory.get(slot);
            if (isEntry(word)) {
                return word & ADDRESS_MASK;
            }
        }
        return firstFrom(random.nextLong());
    }

    /** Gives all memory back, once no thread that may have seen the table is in its epoch. */
    @Override
    public void close() {
        nodes.close();
        for (int index = 0; index < chunkCount; index++) {
            memory.freeChunk(chunks[index]);
        }
        chunkCount = 0;
        chunks = new long[0];
        LINES.setRelease(this, 0L);
    }

    private long findInNodes(long first, long hash, long tag, Key key) {
        for (long node = first; ; ) {
            for (int offset = 0; offset < OverflowNodes.LAST_WORD; offset += Long.BYTES) {
                long word = memory.get(node + offset);
                if ((word ^ tag) >>> TAG_SHIFT == 0 && isEntryOf(word, hash, key)) {
                    return word & ADDRESS_MASK;
                }
            }
            // Read once: between two reads the reference could give way to a link.
            long last = memory.getAcquire(node + OverflowNodes.LAST_WORD);
            if ((last & OverflowNodes.LINK) == 0) {
                boolean found = (last ^ tag) >>> TAG_SHIFT == 0 && isEntryOf(last, hash, key);
                return found ? last & ADDRESS_MASK : 0;
            }
            node = last & ~OverflowNodes.LINK;
        }
    }

    private boolean isEntryOf(long word, long hash, Key key) {
        return isEntry(word) && memory.holds(word & ADDRESS_MASK, hash, key);
    }

    private static boolean isEntry(long word) {
        return word != 0 && (word & OverflowNodes.LINK) == 0;
    }

    /** Whether no split has touched the line since {@code control} was read from it. */
    private boolean isUnmoved(long line, long control) {
        VarHandle.acquireFence();
        long now = memory.getAcquire(line + CONTROL);
        return ((now ^ control) & VERSION_MASK) == 0 && (control & VERSION_ONE) == 0;
    }

    /**
     * The slot after {@code slot}, 0 at the end. The last word of a node counts as a slot even when
     * it holds a link: it may become one while a reader passes.
     */
    private long next(long line, long slot) {
        long inLine = slot - line;
        if (inLine >= 0 && inLine < CONTROL) {
            return inLine < CONTROL - Long.BYTES
                    ? slot + Long.BYTES
                    : memory.getAcquire(line + CONTROL) & NODE_MASK;
        }
        if ((slot & OverflowNodes.LAST_WORD) != OverflowNodes.LAST_WORD) {
            return slot + Long.BYTES;
        }
        long last = memory.getAcquire(slot);
        return (last & OverflowNodes.LINK) != 0 ? last & ~OverflowNodes.LINK : 0;
    }

    private long slotOf(long line, long word) {
        for (long slot = line; slot < line + CONTROL; slot += Long.BYTES) {
            if (memory.get(slot) == word) {
                return slot;
            }
        }
        long first = memory.get(line + CONTROL) & NODE_MASK;
        for (long slot = first; slot != 0; slot = next(line, slot)) {
            if (memory.get(slot) == word) {
                return slot;
            }
        }
        return 0;
    }

    private long firstFrom(long hash) {
        long total = lines();
        long position = Long.reverse(hash);
        for (long visited = 0; visited <= total; visited++) {
            long line = lineOf(Long.reverse(position), total);
            for (long slot = line; slot != 0; slot = next(line, slot)) {
                long word = memory.get(slot);
                if (isEntry(word)) {
                    return word & ADDRESS_MASK;
                }
            }
            position = endOfInterval(position, hashBits(Long.reverse(position), total));
        }
        return 0;
    }

    private static long tagOf(long hash) {
        return hash >>> TAG_HASH_SHIFT << TAG_SHIFT;
    }

    private long lineOf(long hash) {
        return lineOf(hash, lines());
    }

    private long lineOf(long hash, long total) {
        long mask = -1L >>> Long.numberOfLeadingZeros(total);
        long index = hash & mask;
        return address(index < total ? index : index & mask >>> 1);
    }

    /** How many low bits of {@code hash} choose its line. */
    private static int hashBits(long hash, long total) {
        int bits = Long.SIZE - Long.numberOfLeadingZeros(total);
        long index = hash & (1L << bits - 1) - 1;
        return index < total - (1L << bits - 1) ? bits : bits - 1;
    }

    /** Where the reversed hashes end that begin with the same {@code bits} as {@code position}. */
    private static long endOfInterval(long position, int bits) {
        long length = 1L << Long.SIZE - 1 - bits << 1;
        return (position & -length) + length;
    }

    private long address(long index) {
        return chunks[(int) (index >>> chunkShift)] + ((index & chunkMask) << LINE_SHIFT);
    }

    private boolean tryLock(long line) {
        long control = memory.get(line + CONTROL);
        return (control & LOCKED) == 0
                && memory.compareAndSet(line + CONTROL, control, control | LOCKED);
    }

    private boolean isCrowded() {
        return objects.get() * 4 > lines() * loadQuarters;
    }

    /**
     * Splits the next line in turn, or changes nothing when memory or its lock is not to be had.
     */
    private void split() {
        long total = lines();
        long bit = Long.highestOneBit(total);
        long oldLine = address(total - bit);
        if (!hasPlaceFor(total) || !tryLock(oldLine)) {
            return;
        }
        int oldNodeCount = gatherNodes(oldLine);
        int keptCount = gather(oldLine);
        int movedCount = 0;
        // No branch depends on the hashes, so their cache misses overlap.
        for (int index = 0, all = keptCount; index < all; index++) {
            long word = kept[index];
            int moves = (memory.keyHash(word & ADDRESS_MASK) & bit) == 0 ? 0 : 1;
            moved[movedCount] = word;
            movedCount += moves;
            kept[index - movedCount + moves] = word;
            keptCount -= moves;
        }
        if (!takeNodes(nodesFor(movedCount))) {
            unlock(oldLine);
            return;
        }
        long control = memory.get(oldLine + CONTROL);
        memory.set(oldLine + CONTROL, control + VERSION_ONE);
        long newLine = address(total);
        lay(newLine, moved, movedCount, newNodes);
        long newControl = nodesFor(movedCount) == 0 ? 0 : newNodes[0];
        memory.set(newLine + CONTROL, newControl | LOCKED);
        LINES.setRelease(this, total + 1);
        lay(oldLine, kept, keptCount, oldNodes);
        int nodesKept = nodesFor(keptCount);
        long version = control + 2 * VERSION_ONE & VERSION_MASK;
        memory.setRelease(oldLine + CONTROL, version | (nodesKept == 0 ? 0 : oldNodes[0]));
        memory.setRelease(newLine + CONTROL, newControl);
        for (int index = nodesKept; index < oldNodeCount; index++) {
            nodes.give(oldNodes[index]);
        }
    }

    /** Makes sure that there is memory for line {@code index}, the first after the last. */
    private boolean hasPlaceFor(long index) {
        int chunk = (int) (index >>> chunkShift);
        if (chunk < chunkCount) {
            return true;
        }
        long fresh = memory.allocateChunk();
        if (fresh == 0) {
            return false;
        }
        if (chunk == chunks.length) {
            chunks = Arrays.copyOf(chunks, chunk * 2);
        }
        chunks[chunk] = fresh;
        chunkCount = chunk + 1;
        return true;
    }

    private int gatherNodes(long line) {
        int count = 0;
        long node = memory.get(line + CONTROL) & NODE_MASK;
        while (node != 0) {
            if (count == oldNodes.length) {
                oldNodes = Arrays.copyOf(oldNodes, count * 2);
            }
            oldNodes[count++] = node;
            long last = memory.get(node + OverflowNodes.LAST_WORD);
            node = (last & OverflowNodes.LINK) != 0 ? last & ~OverflowNodes.LINK : 0;
        }
        return count;
    }

    private int gather(long line) {
        int count = 0;
        for (long slot = line; slot != 0; slot = next(line, slot)) {
            long word = memory.get(slot);
            if (isEntry(word)) {
                if (count == kept.length) {
                    kept = Arrays.copyOf(kept, count * 2);
                    moved = new long[kept.length];
                }
                kept[count++] = word;
            }
        }
        return count;
    }

    private boolean takeNodes(int wanted) {
        if (wanted > newNodes.length) {
            newNodes = new long[wanted];
        }
        for (int count = 0; count < wanted; count++) {
            newNodes[count] = nodes.take();
            if (newNodes[count] == 0) {
                while (count > 0) {
                    nodes.give(newNodes[--count]);
                }
                return false;
            }
        }
        return true;
    }

    /**
     * How many nodes a line of {@code count} entries has: the last one holds four, others three.
     */
    private static int nodesFor(int count) {
        return count <= SLOTS ? 0 : Math.max(1, (count - SLOTS + 1) / (NODE_SLOTS - 1));
    }

    /**
     * Writes {@code count} references into the slots of a line and of the nodes that follow it. A
     * change of version before stays before the first of these writes.
     */
    private void lay(long line, long[] words, int count, long[] chain) {
        int index = 0;
        for (int offset = 0; offset < CONTROL; offset += Long.BYTES) {
            memory.setRelease(line + offset, index < count ? words[index++] : 0);
        }
        for (int link = 0; index < count; link++) {
            long node = chain[link];
            for (int offset = 0; offset < OverflowNodes.LAST_WORD; offset += Long.BYTES) {
                memory.setRelease(node + offset, index < count ? words[index++] : 0);
            }
            long last = 0;
            if (count - index == 1) {
                last = words[index++];
            } else if (index < count) {
                last = chain[link + 1] | OverflowNodes.LINK;
            }
            memory.setRelease(node + OverflowNodes.LAST_WORD, last);
        }
    }

    private void clearLine(long line, long control) {
        for (int offset = 0; offset < CONTROL; offset += Long.BYTES) {
            memory.set(line + offset, 0);
        }
        memory.set(line + CONTROL, control);
    }
}
