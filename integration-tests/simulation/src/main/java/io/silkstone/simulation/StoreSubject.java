package io.silkstone.simulation;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore.Table;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.simulation.history.Call;
import io.silkstone.simulation.history.Reply;
import io.silkstone.simulation.history.Reply.Outcome;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * A client with a session. Values are written with a {@link Filling}, and every byte is checked
 * when it is read.
 */
public final class StoreSubject implements Subject {
    private final KvSession session;
    private final Table table;
    private final Key key = new Key();
    private final WriteOptions options = new WriteOptions();
    private final WriteBatch batch = new WriteBatch();
    private final Filling filling;
    private final Runnable linger;

    /**
     * Asks by {@code session}.
     *
     * @param filling what is behind values
     * @param linger lets others run, within a batch too: what a session shows must stay as it is
     */
    public StoreSubject(KvSession session, Table table, Filling filling, Runnable linger) {
        this.session = session;
        this.table = table;
        this.filling = filling;
        this.linger = linger;
    }

    @Override
    public Reply ask(String name, Call call) {
        key.wrap(name.getBytes(StandardCharsets.UTF_8));
        set(options.reset(), call);
        session.enter();
        try {
            linger.run();
            Status status = perform(call);
            linger.run();
            return reply(call, status);
        } finally {
            session.exit();
        }
    }

    /** Reads several keys at once. */
    public List<Reply> readAll(List<String> names) {
        Key[] keys = names.stream().map(StoreSubject::keyOf).toArray(Key[]::new);
        Reply[] replies = new Reply[keys.length];
        session.enter();
        try {
            session.readAll(
                    table,
                    keys,
                    keys.length,
                    (index, status, object) -> {
                        require(replies[index] == null, "a key was shown twice");
                        replies[index] = status == Status.OK ? saw(object) : refused(status, 0);
                    });
        } finally {
            session.exit();
        }
        require(List.of(replies).size() == names.size(), "a key was not shown");
        return List.of(replies);
    }

    /**
     * Makes several writes and removals, or none. Each has a reply of its own; where nothing was
     * wrong with one of a batch that was not made, it is as if that had not been asked.
     */
    public List<Reply> writeAll(List<String> names, List<Call> calls) {
        batch.clear();
        for (int index = 0; index < names.size(); index++) {
            Call call = calls.get(index);
            set(options.reset(), call);
            if (call.kind() == Call.Kind.REMOVE) {
                batch.remove(keyOf(names.get(index)), options);
            } else {
                byte[] bytes = filling.behind(call.value());
                MemorySegment value = MemorySegment.ofArray(bytes);
                batch.write(keyOf(names.get(index)), value, 0, bytes.length, options);
            }
        }
        Status status;
        session.enter();
        try {
            status = session.writeAll(table, batch);
        } finally {
            session.exit();
        }
        List<Reply> replies = new ArrayList<>();
        for (int index = 0; index < names.size(); index++) {
            replies.add(partOf(status, calls.get(index), index));
        }
        return replies;
    }

    /** Shows every object to {@code visitor}, some of them at a time. */
    public void scan(int count, BiConsumer<String, Reply> visitor) {
        long cursor = 0;
        do {
            cursor = scan(cursor, count, visitor);
            linger.run();
        } while (cursor != 0);
    }

    /** Shows some objects from {@code cursor} on, and returns the next cursor, 0 at the end. */
    public long scan(long cursor, int count, BiConsumer<String, Reply> visitor) {
        session.enter();
        try {
            return session.scan(
                    table, cursor, count, object -> visitor.accept(nameOf(object), saw(object)));
        } finally {
            session.exit();
        }
    }

    /** Removes everything. */
    public Status clear() {
        return session.clear(table);
    }

    private static String nameOf(ObjectView object) {
        byte[] name =
                object.memory().asSlice(object.keyOffset(), object.keyLength()).toArray(JAVA_BYTE);
        return new String(name, StandardCharsets.UTF_8);
    }

    private Reply saw(ObjectView object) {
        return Reply.saw(seen(object), object.version());
    }

    private Reply partOf(Status whole, Call call, int index) {
        Status part = batch.status(index);
        long version = batch.version(index);
        require((part == Status.OK) == (whole == Status.OK), "a batch was made in part");
        if (part == Status.OK) {
            boolean nothing = call.kind() == Call.Kind.REMOVE && version == 0;
            return nothing ? Reply.notFound() : Reply.ok(version);
        }
        boolean refused = batch.refused() >= 0;
        require(
                !refused || batch.status(batch.refused()) == whole,
                "a batch's status is no part's");
        return part == Status.ABANDONED && refused
                ? Reply.noEffect()
                : refused(refused ? part : whole, version);
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalStateException(otherwise);
        }
    }

    private static Key keyOf(String name) {
        return new Key().wrap(name.getBytes(StandardCharsets.UTF_8));
    }

    private Status perform(Call call) {
        return switch (call.kind()) {
            case READ -> session.read(table, key);
            case WRITE -> {
                byte[] bytes = filling.behind(call.value());
                MemorySegment value = MemorySegment.ofArray(bytes);
                yield session.write(table, key, value, 0, bytes.length, options);
            }
            case REMOVE -> session.remove(table, key, options);
            case INCREMENT -> session.increment(table, key, call.delta(), options);
            case EXPIRE -> session.expire(table, key, options);
            case CLEAR, LOSS -> throw new IllegalArgumentException("no operation on a key");
        };
    }

    private static void set(WriteOptions options, Call call) {
        switch (call.rule()) {
            case NONE -> {}
            case REJECT_MISSING -> options.rejectIfMissing();
            case REJECT_EXISTING -> options.rejectIfExists();
            case REQUIRE_VERSION -> options.requireVersion(call.requiredVersion());
        }
        switch (call.expiry()) {
            case NONE -> {}
            case KEEP -> options.keepExpiry();
            case AT -> options.expireAt(call.expiryMillis());
        }
    }

    private Reply reply(Call call, Status status) {
        return status == Status.OK ? success(call) : refused(status, session.version());
    }

    private static Reply refused(Status status, long version) {
        return switch (status) {
            case NOT_FOUND -> Reply.notFound();
            case EXISTS -> Reply.refused(Outcome.EXISTS, version);
            case WRONG_VERSION -> Reply.refused(Outcome.WRONG_VERSION, version);
            case NOT_A_NUMBER -> Reply.refused(Outcome.NOT_A_NUMBER, version);
            case OUT_OF_MEMORY, RETRY_LATER, UNAVAILABLE -> Reply.noEffect();
            case NO_SUCH_TABLE -> Reply.noTable();
            case UNKNOWN -> Reply.lost();
            case OK,
                    OVERFLOW,
                    TOO_LARGE,
                    NOT_OWNER,
                    OLD_VERSION,
                    SEVERAL_TABLETS,
                    STALE_REQUEST,
                    DISK_FAILED,
                    ABANDONED ->
                    throw new IllegalStateException("no such answer is possible: " + status);
        };
    }

    private Reply success(Call call) {
        return switch (call.kind()) {
            case READ -> saw(session.object());
            case INCREMENT -> Reply.sum(session.number(), session.version());
            default -> Reply.ok(session.version());
        };
    }

    /** The value that {@code object} was written with. */
    private String seen(ObjectView object) {
        long from = object.valueOffset();
        return filling.seen(object.memory().asSlice(from, object.valueLength()).toArray(JAVA_BYTE));
    }

    @Override
    public void close() {
        session.close();
    }
}
