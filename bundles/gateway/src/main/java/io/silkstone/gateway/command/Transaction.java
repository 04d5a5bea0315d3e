package io.silkstone.gateway.command;

import io.silkstone.api.store.Key;
import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.MemoryBudget;
import io.silkstone.gateway.resp.PaidBuffer;
import io.silkstone.gateway.resp.Request;

/**
 * A client's transaction: requests that wait for EXEC, and keys that must not change before it.
 * Both are packed into memory outside the heap, so that they cost little more than the bytes that
 * the client sent. They are walked over one after the other, as EXEC does.
 *
 * <pre>
 *   request: | record length u32 | command u32 | {@link Request#pack} | padding |
 *   key:     | record length u32 | key length u32 | version u64 | key | padding |
 * </pre>
 */
final class Transaction {
    /** Most requests that may wait. */
    static final int REQUESTS_MAX = 1 << 16;

    /** Most arguments of all of them: others wait while they are worked through. */
    static final int ARGUMENTS_MAX = 1 << 18;

    /** Most keys that may be watched. */
    static final int WATCHED_MAX = 1 << 16;

    private static final int REQUEST_HEADER_BYTES = 2 * Integer.BYTES;
    private static final int KEY_HEADER_BYTES = 2 * Integer.BYTES + Long.BYTES;

    private final PaidBuffer requests;
    private final PaidBuffer keys;
    private final Request<Command> request = new Request<>();
    private final Key key = new Key();
    private int size;
    private int arguments;
    private int watched;
    private int at;
    private long version;
    private boolean open;
    private boolean broken;
    private boolean needsMemory;

    /** Whose memory comes from {@code budget}. */
    Transaction(MemoryBudget budget) {
        requests = new PaidBuffer(budget);
        keys = new PaidBuffer(budget);
    }

    boolean open() {
        return open;
    }

    void begin() {
        open = true;
        broken = false;
    }

    /** EXEC will refuse: something was wrong with a request. */
    void spoil() {
        broken |= open;
    }

    boolean broken() {
        return broken;
    }

    /** Whether a request in it may need memory. */
    boolean needsMemory() {
        return needsMemory;
    }

    int size() {
        return size;
    }

    /**
     * Keeps a copy of {@code added}.
     *
     * @return false when that would exceed {@code bytesMax}, the most requests or arguments, or the
     *     budget
     */
    boolean add(Request<Command> added, long bytesMax) {
        long length = aligned(REQUEST_HEADER_BYTES + added.packedBytes());
        boolean tooMany = size == REQUESTS_MAX || arguments + added.count() > ARGUMENTS_MAX;
        if (tooMany || !makeRoom(requests, length, bytesMax)) {
            return false;
        }
        long record = requests.address() + requests.length();
        Memory.putInt(record, (int) length);
        Memory.putInt(record + Integer.BYTES, added.command().id());
        added.pack(record + REQUEST_HEADER_BYTES);
        requests.length(requests.length() + (int) length);
        size++;
        arguments += added.count();
        needsMemory |= added.command().needsMemory();
        return true;
    }

    private boolean makeRoom(PaidBuffer buffer, long bytes, long bytesMax) {
        long all = requests.length() + keys.length() + bytes;
        return all <= bytesMax && buffer.reserve(buffer.length() + bytes);
    }

    private static long aligned(long bytes) {
        return bytes + Long.BYTES - 1 & -Long.BYTES;
    }

    /** Goes before the first request or key. */
    void rewind() {
        at = 0;
    }

    /** The next request, until the next call; null behind the last. */
    Request<Command> next(CommandTable commands) {
        if (at == requests.length()) {
            return null;
        }
        long record = requests.address() + at;
        at += Memory.getInt(record);
        request.unpack(record + REQUEST_HEADER_BYTES);
        request.command(commands.commands().get(Memory.getInt(record + Integer.BYTES)));
        return request;
    }

    /** Forgets the requests, keeps what is watched. */
    void clear() {
        requests.release();
        request.trim();
        size = 0;
        arguments = 0;
        open = false;
        broken = false;
        needsMemory = false;
    }

    /**
     * Watches a key.
     *
     * @param seen its version, 0 where there was no object
     * @return false when that would exceed {@code bytesMax}, the most keys, or the budget
     */
    boolean watch(Key wanted, long seen, long bytesMax) {
        long length = aligned(KEY_HEADER_BYTES + wanted.length());
        if (watched == WATCHED_MAX || !makeRoom(keys, length, bytesMax)) {
            return false;
        }
        long record = keys.address() + keys.length();
        Memory.putInt(record, (int) length);
        Memory.putInt(record + Integer.BYTES, wanted.length());
        Memory.putLong(record + 2 * Integer.BYTES, seen);
        Memory.copy(wanted.memory(), wanted.offset(), record + KEY_HEADER_BYTES, wanted.length());
        keys.length(keys.length() + (int) length);
        watched++;
        return true;
    }

    int watched() {
        return watched;
    }

    /** The next key, until the next call; null behind the last. {@link #version} goes with it. */
    Key nextWatched() {
        if (at == keys.length()) {
            return null;
        }
        long record = keys.address() + at;
        at += Memory.getInt(record);
        version = Memory.getLong(record + 2 * Integer.BYTES);
        int length = Memory.getInt(record + Integer.BYTES);
        return key.wrap(Memory.ALL, record + KEY_HEADER_BYTES, length);
    }

    /** What was seen of {@link #nextWatched}. */
    long version() {
        return version;
    }

    void unwatch() {
        keys.release();
        watched = 0;
    }
}
