package io.silkstone.client;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvStore.Table;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One table, for applications: bytes in, {@link Answer}s out. Each operation comes twice, as a call
 * that waits and as one that returns a future; at most as many as the client was made for are under
 * way at a time, and one more waits until there is room. Every change is made once, or ends with
 * UNKNOWN. Threads: any.
 *
 * <p>Arrays are read before a call returns and may be used again. Futures end with an answer, never
 * with an exception; they are completed by a thread that waits for something of this client's, or
 * by the client's own, so what hangs on them must be quick or go elsewhere ({@code
 * thenApplyAsync}). It may use this client, also to wait.
 *
 * <p>When the client is closed, operations under way end with UNKNOWN (changes) or UNAVAILABLE
 * (reads), and further ones throw {@link IllegalStateException}.
 */
public final class TableClient {
    private final KvClient client;
    private final Flights flights;
    private final Table table;

    TableClient(KvClient client, Flights flights, Table table) {
        this.client = client;
        this.flights = flights;
        this.table = table;
    }

    /**
     * Of a {@link #writeAll}.
     *
     * @param key where
     * @param value what
     * @param options conditions and extras
     */
    public record Write(byte[] key, byte[] value, WriteOptions options) {
        /** A plain write. */
        public Write(byte[] key, byte[] value) {
            this(key, value, new WriteOptions());
        }
    }

    /** The table as {@link io.silkstone.api.store.KvSession}s know it. */
    public Table table() {
        return table;
    }

    /** The object under {@code key}, or NOT_FOUND. */
    public Answer read(byte[] key) {
        return run(Flight.Kind.READ, key, null, 0, null);
    }

    /** See {@link #read}. */
    public CompletableFuture<Answer> readAsync(byte[] key) {
        return begin(Flight.Kind.READ, key, null, 0, null);
    }

    /** Writes {@code value} under {@code key}. */
    public Answer write(byte[] key, byte[] value) {
        return write(key, value, new WriteOptions());
    }

    /** Writes {@code value} under {@code key} as {@code options} say. */
    public Answer write(byte[] key, byte[] value, WriteOptions options) {
        return run(Flight.Kind.WRITE, key, value, 0, options);
    }

    /** See {@link #write(byte[], byte[], WriteOptions)}. */
    public CompletableFuture<Answer> writeAsync(byte[] key, byte[] value, WriteOptions options) {
        return begin(Flight.Kind.WRITE, key, value, 0, options);
    }

    /** Removes the object under {@code key}, or NOT_FOUND. */
    public Answer remove(byte[] key) {
        return remove(key, new WriteOptions());
    }

    /** Removes the object under {@code key} as {@code options} say. */
    public Answer remove(byte[] key, WriteOptions options) {
        return run(Flight.Kind.REMOVE, key, null, 0, options);
    }

    /** See {@link #remove(byte[], WriteOptions)}. */
    public CompletableFuture<Answer> removeAsync(byte[] key, WriteOptions options) {
        return begin(Flight.Kind.REMOVE, key, null, 0, options);
    }

    /** Adds {@code delta} to the decimal number under {@code key}; {@link Answer#number} is it. */
    public Answer increment(byte[] key, long delta) {
        return increment(key, delta, new WriteOptions());
    }

    /** As the other, as {@code options} say. */
    public Answer increment(byte[] key, long delta, WriteOptions options) {
        return run(Flight.Kind.INCREMENT, key, null, delta, options);
    }

    /** See {@link #increment(byte[], long, WriteOptions)}. */
    public CompletableFuture<Answer> incrementAsync(byte[] key, long delta, WriteOptions options) {
        return begin(Flight.Kind.INCREMENT, key, null, delta, options);
    }

    /** Changes when the object under {@code key} expires, to what {@code options} say. */
    public Answer expire(byte[] key, WriteOptions options) {
        return run(Flight.Kind.EXPIRE, key, null, 0, options);
    }

    /** See {@link #expire}. */
    public CompletableFuture<Answer> expireAsync(byte[] key, WriteOptions options) {
        return begin(Flight.Kind.EXPIRE, key, null, 0, options);
    }

    private Answer run(
            Flight.Kind kind, byte[] key, byte[] value, long delta, WriteOptions options) {
        if (isTooLong(key, value)) {
            return Answer.of(Status.TOO_LARGE);
        }
        return use(
                flight -> flight.run(kind, table, key, value, delta, options),
                () -> Flight.abandoned(kind));
    }

    /**
     * Takes a flight for {@code task}, and gives it back also when the application's part of that
     * throws; but not when the client is closed, for then it may be under way for ever.
     */
    private <T> T use(Function<Flight, T> task, Supplier<T> closed) {
        Flight flight = flights.take();
        T result;
        try {
            result = task.apply(flight);
        } catch (ClientClosed e) {
            return closed.get();
        } catch (RuntimeException | Error e) {
            flights.release(flight);
            throw e;
        }
        flights.release(flight);
        return result;
    }

    private CompletableFuture<Answer> begin(
            Flight.Kind kind, byte[] key, byte[] value, long delta, WriteOptions options) {
        if (isTooLong(key, value)) {
            return CompletableFuture.completedFuture(Answer.of(Status.TOO_LARGE));
        }
        CompletableFuture<Answer> future = new CompletableFuture<>();
        Flight flight = flights.take();
        client.polling().begun();
        try {
            flight.begin(kind, table, key, value, delta, options, future);
        } catch (RuntimeException | Error e) {
            if (flight.withdraw()) {
                client.polling().ended();
                flights.release(flight);
            }
            throw e;
        }
        return future;
    }

    private boolean isTooLong(byte[] key, byte[] value) {
        return key.length > io.silkstone.api.store.KvStore.KEY_BYTES_MAX
                || value != null && value.length > client.store().valueBytesMax();
    }

    /**
     * Reads each of {@code keys}: those of one server travel in one message, and messages to
     * several servers together.
     *
     * @return an answer for each, in their order
     */
    public List<Answer> readAll(List<byte[]> keys) {
        Key[] wanted = new Key[keys.size()];
        Arrays.setAll(wanted, index -> new Key().wrap(keys.get(index)));
        Answer[] answers = new Answer[wanted.length];
        return use(
                flight -> {
                    flight.session()
                            .readAll(
                                    table,
                                    wanted,
                                    wanted.length,
                                    (index, status, object) ->
                                            answers[index] = answer(status, object));
                    return Arrays.asList(answers);
                },
                () -> {
                    List<Answer> seen = Arrays.asList(answers);
                    Answer abandoned = Flight.abandoned(Flight.Kind.READ);
                    seen.replaceAll(each -> each == null ? abandoned : each);
                    return seen;
                });
    }

    private static Answer answer(Status status, ObjectView object) {
        return object == null
                ? Answer.of(status)
                : new Answer(status, value(object), object.version(), 0, object.expiryMillis());
    }

    private static byte[] value(ObjectView object) {
        return bytes(object.memory(), object.valueOffset(), object.valueLength());
    }

    private static byte[] bytes(MemorySegment memory, long offset, int length) {
        byte[] bytes = new byte[length];
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, bytes, 0, length);
        return bytes;
    }

    /**
     * Makes each of {@code writes}, on whatever servers their keys are; all travel together. Each
     * is a change of its own: some may be refused while others are made, in any order. What must be
     * one step is {@link io.silkstone.api.store.KvSession#writeAll}, for keys of one tablet.
     *
     * @return an answer for each, in their order
     */
    public List<Answer> writeAll(List<Write> writes) {
        List<CompletableFuture<Answer>> futures = new ArrayList<>(writes.size());
        for (Write each : writes) {
            futures.add(writeAsync(each.key(), each.value(), each.options()));
        }
        List<Answer> answers = new ArrayList<>(writes.size());
        futures.forEach(each -> answers.add(client.await(each)));
        return answers;
    }

    /**
     * Shows every object of the table to {@code visitor}, in no order. Objects that are there from
     * beginning to end are shown at least once, though tablets be split or get other owners
     * meanwhile; others may be shown or not.
     *
     * @return OK; NO_SUCH_TABLE; UNAVAILABLE when a tablet is lost, or its server silent until the
     *     time of an operation was over; what was shown until then is not all
     */
    public Status scan(Consumer<StoredObject> visitor) {
        return use(
                flight ->
                        new TableScan(client.store(), flight.session(), table)
                                .run(object -> visitor.accept(stored(object))),
                () -> Status.UNAVAILABLE);
    }

    private static StoredObject stored(ObjectView object) {
        return new StoredObject(
                bytes(object.memory(), object.keyOffset(), object.keyLength()),
                value(object),
                object.version(),
                object.expiryMillis());
    }
}
