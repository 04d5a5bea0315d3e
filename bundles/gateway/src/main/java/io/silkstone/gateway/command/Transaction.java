package io.silkstone.gateway.command;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.Request;
import java.util.ArrayList;
import java.util.List;

/**
 * A client's transaction: requests that wait for EXEC, and keys that must not change before it. The
 * requests' bytes are copied, since the buffer that they came in is used again.
 */
final class Transaction {
    /** Most requests that may wait. */
    static final int REQUESTS_MAX = 1 << 16;

    /** Most keys that may be watched. */
    static final int WATCHED_MAX = 1 << 16;

    private final List<Queued> queued = new ArrayList<>();
    private final List<Watched> watched = new ArrayList<>();
    private long bytes;
    private boolean open;
    private boolean broken;

    /** A request and the buffer that holds its bytes. */
    private record Queued(Request<Command> request, ByteBuf buffer) {}

    /**
     * A key and what was seen of it.
     *
     * @param version its version, 0 where there was no object
     */
    record Watched(byte[] key, long version) {}

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

    int size() {
        return queued.size();
    }

    Request<Command> request(int index) {
        return queued.get(index).request();
    }

    /**
     * Keeps a copy of {@code request}.
     *
     * @return false when that would exceed {@code bytesMax} or the most requests
     */
    boolean add(Request<Command> request, long bytesMax) {
        int length = (int) (request.end() - request.begin());
        if (queued.size() == REQUESTS_MAX || bytes + length > bytesMax) {
            return false;
        }
        ByteBuf buffer = ByteBufAllocator.DEFAULT.directBuffer(length + Memory.SLACK);
        long address = Memory.address(buffer);
        Memory.copy(request.begin(), address, length);
        Request<Command> copy = new Request<>();
        copy.copyOf(request, address);
        queued.add(new Queued(copy, buffer));
        bytes += length;
        return true;
    }

    /** Forgets the requests, keeps what is watched. */
    void clear() {
        queued.forEach(one -> one.buffer().release());
        queued.clear();
        bytes = 0;
        open = false;
        broken = false;
    }

    List<Watched> watched() {
        return watched;
    }

    void unwatch() {
        watched.clear();
    }
}
