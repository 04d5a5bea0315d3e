package io.silkstone.client;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore.Table;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.rpc.messages.ChangeKind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;

/**
 * One operation of an application, from take-off to its answer; used again and again. Either a
 * thread waits for it, or a future does.
 */
final class Flight {
    /** What an operation does to its key. */
    enum Kind {
        READ(null),
        WRITE(ChangeKind.WRITE),
        REMOVE(ChangeKind.REMOVE),
        INCREMENT(ChangeKind.INCREMENT),
        EXPIRE(ChangeKind.EXPIRE);

        private final ChangeKind change;

        Kind(ChangeKind change) {
            this.change = change;
        }
    }

    private static final MemorySegment NOTHING = MemorySegment.NULL;

    private final Flights flights;
    private final ClusterSession session;
    private final Key key = new Key();
    private final Operation.Ended landed = each -> landed();
    private Kind kind;

    /** Null while a thread waits; the one who takes it out completes it. */
    private CompletableFuture<Answer> future;

    Flight(Flights flights, ClusterStore store) {
        this.flights = flights;
        session = new ClusterSession(store);
    }

    ClusterSession session() {
        return session;
    }

    /** Does it, and waits. */
    Answer run(Kind kind, Table table, byte[] key, byte[] value, long delta, WriteOptions options) {
        start(kind, table, key, value, delta, options, Operation.NOBODY);
        session.await();
        return answer();
    }

    /** Begins it; {@code future} is told, also when the client is closed meanwhile. */
    void begin(
            Kind kind,
            Table table,
            byte[] key,
            byte[] value,
            long delta,
            WriteOptions options,
            CompletableFuture<Answer> future) {
        synchronized (this) {
            this.future = future;
        }
        start(kind, table, key, value, delta, options, landed);
        if (flights.isClosed()) {
            // Whoever closes may have looked for futures before this one was here.
            flights.tellLastNews();
            abandon();
        }
    }

    /** It has not begun after all, and there is nobody to be told; false when somebody was. */
    boolean withdraw() {
        return takeFuture() != null;
    }

    private void start(
            Kind kind,
            Table table,
            byte[] keyBytes,
            byte[] value,
            long delta,
            WriteOptions options,
            Operation.Ended ended) {
        this.kind = kind;
        key.wrap(keyBytes);
        MemorySegment memory = value == null ? NOTHING : MemorySegment.ofArray(value);
        int length = value == null ? 0 : value.length;
        switch (kind) {
            case READ -> session.startRead(table, key, ended);
            default ->
                    session.startChange(
                            table, key, kind.change, delta, memory, 0, length, options, ended);
        }
    }

    private Answer answer() {
        Status status = kind == Kind.READ ? session.endRead(key) : session.endChange(key);
        boolean shows = session.shows();
        if (!shows && session.version() == 0 && session.number() == 0) {
            return Answer.of(status);
        }
        byte[] value = null;
        long expiryMillis = 0;
        if (shows) {
            ObjectView object = session.object();
            value = new byte[object.valueLength()];
            MemorySegment.copy(
                    object.memory(),
                    ValueLayout.JAVA_BYTE,
                    object.valueOffset(),
                    value,
                    0,
                    value.length);
            expiryMillis = object.expiryMillis();
        }
        return new Answer(status, value, session.version(), session.number(), expiryMillis);
    }

    /** By the thread that polls, or by the one that began it. */
    private void landed() {
        Answer answer = answer();
        CompletableFuture<Answer> told = takeFuture();
        if (told != null) {
            flights.landed(this, told, answer);
        }
    }

    private synchronized CompletableFuture<Answer> takeFuture() {
        CompletableFuture<Answer> taken = future;
        future = null;
        return taken;
    }

    /** The client is closed and nobody polls: tells the future, if one waits, that it is over. */
    void abandon() {
        CompletableFuture<Answer> told = takeFuture();
        if (told != null) {
            told.complete(abandoned(kind));
        }
    }

    /** What can be said of an operation that nobody will ask about again. */
    static Answer abandoned(Kind kind) {
        return Answer.of(kind == Kind.READ ? Status.UNAVAILABLE : Status.UNKNOWN);
    }
}
