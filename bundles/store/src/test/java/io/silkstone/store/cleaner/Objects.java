package io.silkstone.store.cleaner;

import io.silkstone.api.store.Key;
import io.silkstone.base.Metrics;
import io.silkstone.store.index.HashTable;
import io.silkstone.store.index.PoolLines;
import io.silkstone.store.log.Checksum;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.log.References;
import io.silkstone.store.log.Segment;
import io.silkstone.store.log.Versions;
import io.silkstone.store.memory.Backoff;
import io.silkstone.store.memory.Epochs;
import io.silkstone.store.memory.HugePages;
import io.silkstone.store.memory.Memory;
import io.silkstone.store.memory.SegletPool;
import io.silkstone.store.memory.SegletPool.Claimant;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;

/**
 * One table of numbered objects over a real log, hash table and cleaner: what sessions do, without
 * what sessions promise. The value of an object is made of its key and its seed, so that any mix-up
 * shows when it is read.
 */
final class Objects implements References, AutoCloseable {
    private static final int TABLE = 1;
    private static final int KEY_BYTES = 12;
    private static final Key[] KEYS = keys(280_000);

    final SegletPool pool;
    final Epochs epochs = new Epochs(16);
    final Log log;
    final HashTable index;
    final Metrics metrics = new Metrics();
    final Cleaner cleaner;
    final AtomicLong now = new AtomicLong(1_000);
    final AtomicLong expired = new AtomicLong();

    /** Told the number of an object that the cleaner is about to copy. */
    IntConsumer onGathered = number -> {};

    /** How who pays waits for another thread that cleans. */
    IntConsumer onWait = Backoff.YIELDING::idle;

    Objects(long memoryBytes, int segmentBytes, int reserve) {
        pool = new SegletPool(memoryBytes, segmentBytes, reserve, HugePages.OFF, Backoff.YIELDING);
        log = new Log(pool, epochs, new Versions(), Backoff.YIELDING);
        index = HashTable.open(new PoolLines(pool), Backoff.YIELDING);
        cleaner = new Cleaner(pool, log, epochs, this, metrics, attempt -> onWait.accept(attempt));
    }

    private static Key[] keys(int count) {
        Key[] keys = new Key[count];
        for (int number = 0; number < count; number++) {
            byte[] bytes = new byte[KEY_BYTES];
            ByteBuffer.wrap(bytes).putInt(number).putLong(~number);
            keys[number] = new Key().wrap(bytes);
        }
        return keys;
    }

    private static Key key(int number) {
        return KEYS[number];
    }

    /** What writes and reads for one thread. */
    Client client() {
        return new Client();
    }

    long metric(CleanerMetrics metric) {
        return metrics.counter(metric).get();
    }

    /** Memory of segments and hash table: all that is allocated. */
    long accountedBytes() {
        return log.segmentsBytes() + index.bytes();
    }

    @Override
    public boolean discard(long entry) {
        boolean discarded =
                Entry.isExpired(entry, now.get()) && index.removeIf(Entry.keyHash(entry), entry);
        expired.addAndGet(discarded ? 1 : 0);
        return discarded;
    }

    @Override
    public long prefetch(long[] entries, int count) {
        if (count > 0 && Entry.type(Entry.header(entries[0])) == Entry.OBJECT) {
            onGathered.accept(Integer.reverseBytes(Memory.getInt(Entry.keyAddress(entries[0]))));
        }
        long sum = 0;
        for (int number = 0; number < count; number++) {
            sum += index.prefetch(Entry.keyHash(entries[number]));
        }
        return sum;
    }

    @Override
    public boolean keepsTombstone(long tombstone) {
        return false;
    }

    @Override
    public boolean move(long entry, long copy) {
        return index.replaceIf(Entry.keyHash(entry), entry, copy);
    }

    @Override
    public void close() {
        pool.close();
    }

    final class Client {
        private final int slot = epochs.register();
        private final Checksum checksum = new Checksum(pool);

        /** Writes an object; false when memory is full. */
        boolean put(int number, int seed, int valueBytes, long expiryMillis) {
            Key key = key(number);
            boolean expires = expiryMillis != 0;
            int length = Entry.lengthOf(KEY_BYTES, valueBytes, expires);
            int bytes = Entry.stride(length);
            cleaner.assist(bytes);
            while (true) {
                epochs.enter(slot);
                boolean done = tryPut(key, seed, valueBytes, expiryMillis, length, bytes);
                epochs.exit(slot);
                if (done) {
                    index.grow();
                    return true;
                }
                if (!log.makeRoom(bytes, Claimant.WRITE) && cleaner.urge() == Cleaner.FUTILE) {
                    return false;
                }
            }
        }

        private boolean tryPut(
                Key key, int seed, int valueBytes, long expiryMillis, int length, int bytes) {
            long line = index.lock(key.hash());
            long place = index.locate(line, key);
            long target = place == 0 ? index.claim(line) : place;
            long entry = target == 0 ? 0 : log.claim(bytes);
            if (entry != 0) {
                long old = place == 0 ? 0 : index.entryAt(place);
                long version = old == 0 ? log.versions().next() : Entry.version(old) + 1;
                Entry.putFields(entry, key.hash(), version, TABLE, 0, KEY_BYTES);
                if (expiryMillis != 0) {
                    Entry.putExpiry(entry, expiryMillis);
                }
                long value = entry + length - valueBytes;
                Memory.copy(key.memory(), key.offset(), value - KEY_BYTES, KEY_BYTES);
                for (int index = 0; index < valueBytes; index++) {
                    Memory.putByte(value + index, (byte) (seed + index * 31 + key.hash()));
                }
                int header = Entry.headerOf(Entry.OBJECT, length, expiryMillis != 0);
                Entry.commit(entry, header, checksum);
                if (old == 0) {
                    index.fill(target, key.hash(), entry);
                } else {
                    index.replace(place, entry);
                    log.entryDied(old);
                }
            }
            index.unlock(line);
            return entry != 0;
        }

        /** Removes an object with a tombstone; false when memory is full. */
        boolean remove(int number) {
            Key key = key(number);
            int length = Entry.tombstoneLength(KEY_BYTES);
            int bytes = Entry.stride(length);
            while (true) {
                epochs.enter(slot);
                boolean done = tryRemove(key, length, bytes);
                epochs.exit(slot);
                if (done) {
                    return true;
                }
                if (!log.makeRoom(bytes, Claimant.REMOVE) && cleaner.urge() == Cleaner.FUTILE) {
                    return false;
                }
            }
        }

        private boolean tryRemove(Key key, int length, int bytes) {
            long line = index.lock(key.hash());
            long place = index.locate(line, key);
            long old = place == 0 ? 0 : index.entryAt(place);
            long entry = place == 0 ? 0 : log.claimForRemoval(bytes);
            if (entry != 0) {
                Entry.putFields(entry, key.hash(), Entry.version(old), TABLE, 0, KEY_BYTES);
                Memory.copy(Entry.keyAddress(old), entry + Entry.HEADER_BYTES, KEY_BYTES);
                Memory.putLong(entry + length - Long.BYTES, log.segmentOf(old).id());
                Entry.commit(entry, Entry.headerOf(Entry.TOMBSTONE, length, false), checksum);
                log.tombstoneAdded(entry);
                index.remove(place);
                log.entryDied(old);
            }
            index.unlock(line);
            return place == 0 || entry != 0;
        }

        /**
         * Length of an object's value, after checking every byte of it; -1 when there is no object.
         *
         * @param seed of the value, or negative for any
         */
        int read(int number, int seed) {
            Key key = key(number);
            epochs.enter(slot);
            try {
                long entry = index.find(key);
                if (entry == 0 || Entry.isExpired(entry, now.get())) {
                    return -1;
                }
                check(key, entry, seed);
                return Entry.valueLength(entry);
            } finally {
                epochs.exit(slot);
            }
        }

        private void check(Key key, long entry, int seed) {
            long value = Entry.valueAddress(entry);
            int length = Entry.valueLength(entry);
            boolean right =
                    Entry.keyHash(entry) == key.hash()
                            && Memory.equal(Entry.keyAddress(entry), key.memory(), 0, KEY_BYTES)
                            && Entry.isIntact(entry, checksum);
            byte first = length == 0 ? 0 : Memory.getByte(value);
            if (seed >= 0 && length > 0) {
                right &= first == (byte) (seed + key.hash());
            }
            for (int index = 0; index < length; index++) {
                right &= Memory.getByte(value + index) == (byte) (first + index * 31);
            }
            if (!right) {
                throw new AssertionError("the object at " + entry + " is not what was written");
            }
        }
    }

    /** Bytes of entries that the hash table refers to, and of tombstones not marked dead. */
    long countWantedBytes(Segment segment) {
        long wanted = 0;
        SegmentWalk walk = new SegmentWalk();
        walk.begin(segment);
        for (long entry = walk.next(); entry != 0; entry = walk.next()) {
            int header = Entry.header(entry);
            boolean object = Entry.type(header) == Entry.OBJECT;
            boolean tombstone = Entry.type(header) == Entry.TOMBSTONE && !Entry.isDead(header);
            if (tombstone || object && index.replaceIf(Entry.keyHash(entry), entry, entry)) {
                wanted += Entry.strideOf(header);
            }
        }
        return wanted;
    }

    /** Objects in the log with the key of {@code number}, marked dead or not. */
    int countCopies(int number) {
        int copies = 0;
        SegmentWalk walk = new SegmentWalk();
        for (int slot = 0; slot < log.slots(); slot++) {
            Segment segment = log.segment(slot);
            if (segment == null) {
                continue;
            }
            walk.begin(segment);
            for (long entry = walk.next(); entry != 0; entry = walk.next()) {
                boolean object = Entry.type(Entry.header(entry)) == Entry.OBJECT;
                copies += object && Entry.keyHash(entry) == key(number).hash() ? 1 : 0;
            }
        }
        return copies;
    }

    /** Bytes of entries without the dead flag, counted one by one, marks and padding excluded. */
    static long countLiveBytes(Segment segment) {
        long live = 0;
        SegmentWalk walk = new SegmentWalk();
        walk.begin(segment);
        for (long entry = walk.next(); entry != 0; entry = walk.next()) {
            int header = Entry.header(entry);
            boolean counts =
                    Entry.type(header) == Entry.OBJECT || Entry.type(header) == Entry.TOMBSTONE;
            live += counts && !Entry.isDead(header) ? Entry.strideOf(header) : 0;
        }
        return live;
    }
}
