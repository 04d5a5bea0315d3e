package io.silkstone.shell.scopes;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.shell.command.Call;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.Command.Completion;
import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.command.CommandScope;
import io.silkstone.shell.command.Required;
import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Details;
import io.silkstone.shell.format.Escaped;
import io.silkstone.shell.format.Table;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Reads and writes single objects, for looking at things by hand. Bytes that are no printable UTF-8
 * are shown as {@link Escaped} text, and {@code --escaped} takes such text as input, so that
 * whatever one command shows another one takes.
 */
public final class KvCommands implements CommandScope {
    private static final String SCOPE = "kv";
    private static final String KEY = "KEY";
    private static final String VALUE = "VALUE";
    private static final String PATTERN = "PATTERN";
    private static final String TABLE = "--table";
    private static final String TTL = "--ttl-s";
    private static final String IF_ABSENT = "--if-absent";
    private static final String ESCAPED = "--escaped";
    private static final String COUNT = "--count";
    private static final long TTL_SECONDS_MAX = 100L * 365 * 24 * 3600;
    private static final long MILLIS_PER_SECOND = 1000;
    private static final int COUNT_DEFAULT = 100;
    private static final int COUNT_MAX = 100_000;
    private static final int VALUE_BYTES_SHOWN = 60;

    /** Objects that one batch of a scan visits: batches hold memory back, so they are short. */
    private static final int BATCH = 100;

    private final Required<KvStore> store;
    private final LongSupplier epochMillis;

    /**
     * Works on what {@code store} gives at the time of each call.
     *
     * @param epochMillis the time of day, in milliseconds since 1970
     */
    public KvCommands(Supplier<KvStore> store, LongSupplier epochMillis) {
        this.store = new Required<>("store", store);
        this.epochMillis = epochMillis;
    }

    private record Found(String key, int bytes, long version, Instant expires, String value) {}

    @Override
    public List<Command> commands() {
        return List.of(
                on("get")
                        .says("Shows the value of a key; with --json also version and expiry.")
                        .takes(KEY, Completion.NONE)
                        .flag(ESCAPED, "KEY has escapes: \\\\ \\n \\r \\t \\xHH")
                        .example("kv:get greeting")
                        .example("kv:get 'user:1' --table sessions --json")
                        .does(this::get),
                on("put")
                        .says("Stores a value under a key.")
                        .takes(KEY, Completion.NONE)
                        .takes(VALUE, Completion.NONE)
                        .option(TTL, "N", "lets it expire after so many seconds", Completion.NONE)
                        .flag(IF_ABSENT, "refuses when there is such a key")
                        .flag(ESCAPED, "KEY and VALUE have escapes: \\\\ \\n \\r \\t \\xHH")
                        .example("kv:put greeting 'good morning' --ttl-s 60")
                        .example("kv:put picture '\\x89PNG' --escaped")
                        .does(this::put),
                on("delete")
                        .says("Removes a key.")
                        .takes(KEY, Completion.NONE)
                        .flag(ESCAPED, "KEY has escapes: \\\\ \\n \\r \\t \\xHH")
                        .example("kv:delete greeting")
                        .does(this::delete),
                on("scan")
                        .says("Lists objects in no order, or those whose key fits PATTERN.")
                        .mayTake(PATTERN, Completion.NONE)
                        .option(COUNT, "N", "shows at most so many (100)", Completion.NONE)
                        .example("kv:scan 'user:*' --count 20")
                        .does(this::scan));
    }

    private Command.Builder on(String function) {
        return Command.named(SCOPE, function)
                .option(
                        TABLE,
                        "NAME",
                        "works on this table (" + KvStore.DEFAULT_TABLE + ")",
                        before -> TableCommands.names(store.orNull()));
    }

    private Answer get(Call call) throws CommandRefused {
        KvStore present = store.now();
        KvStore.Table table = table(present, call);
        Key key = new Key().wrap(bytes(call, KEY));
        Status status;
        Found found = null;
        try (KvSession session = present.openSession()) {
            session.enter();
            try {
                status = session.read(table, key);
                if (status == Status.OK) {
                    found = found(session.object(), Integer.MAX_VALUE);
                }
            } finally {
                session.exit();
            }
            settle(session);
        }
        require(present, status, call.value(KEY));
        return Details.of()
                .with("key", found.key)
                .with("value", found.value)
                .with("bytes", found.bytes)
                .with("version", found.version)
                .with("expires", found.expires)
                .saying(found.value);
    }

    private Answer put(Call call) throws CommandRefused {
        KvStore present = store.now();
        KvStore.Table table = table(present, call);
        Key key = new Key().wrap(bytes(call, KEY));
        byte[] value = bytes(call, VALUE);
        WriteOptions options = new WriteOptions();
        if (call.has(TTL)) {
            long seconds = call.number(TTL, 0, 1, TTL_SECONDS_MAX);
            options.expireAt(epochMillis.getAsLong() + seconds * MILLIS_PER_SECOND);
        }
        if (call.has(IF_ABSENT)) {
            options.rejectIfExists();
        }
        try (KvSession session = present.openSession()) {
            Status status;
            session.enter();
            try {
                MemorySegment memory = MemorySegment.ofArray(value);
                status = session.write(table, key, memory, 0, value.length, options);
            } finally {
                session.exit();
            }
            settle(session);
            require(present, status, call.value(KEY));
            return written(call, session.version(), "Stored ");
        }
    }

    private Answer delete(Call call) throws CommandRefused {
        KvStore present = store.now();
        KvStore.Table table = table(present, call);
        Key key = new Key().wrap(bytes(call, KEY));
        try (KvSession session = present.openSession()) {
            Status status;
            session.enter();
            try {
                status = session.remove(table, key, new WriteOptions());
            } finally {
                session.exit();
            }
            settle(session);
            require(present, status, call.value(KEY));
            return written(call, session.version(), "Removed ");
        }
    }

    private Answer scan(Call call) throws CommandRefused, InterruptedException {
        KvStore present = store.now();
        KvStore.Table table = table(present, call);
        int count = (int) call.number(COUNT, COUNT_DEFAULT, 1, COUNT_MAX);
        KeyPattern pattern = new KeyPattern(call.value(PATTERN, "*"));
        // A scan may visit an object twice; by key, the second visit replaces the first.
        Map<String, Found> found = new LinkedHashMap<>();
        long cursor = 0;
        long before;
        try (KvSession session = present.openSession()) {
            do {
                before = cursor;
                session.enter();
                try {
                    cursor =
                            session.scan(
                                    table, cursor, BATCH, view -> collect(view, pattern, found));
                } finally {
                    session.exit();
                }
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            } while (cursor != 0 && cursor != before && found.size() <= count);
            settle(session);
        }
        List<Found> rows = new ArrayList<>(found.values());
        if (cursor != 0 && cursor == before) {
            throw new CommandRefused("A server does not answer; try again.");
        }
        boolean more = rows.size() > count || cursor != 0;
        Table<Found> shown =
                Table.of(rows.subList(0, Math.min(count, rows.size())))
                        .column("key", Found::key)
                        .column("bytes", Found::bytes)
                        .column("version", Found::version)
                        .column("expires", Found::expires)
                        .column("value", Found::value);
        return more ? shown.note("There are more; " + COUNT + " shows more of them.") : shown;
    }

    private static void collect(ObjectView view, KeyPattern pattern, Map<String, Found> found) {
        byte[] key = copy(view.memory(), view.keyOffset(), view.keyLength());
        if (pattern.fits(key)) {
            Found one = found(view, VALUE_BYTES_SHOWN);
            found.put(one.key, one);
        }
    }

    private static Found found(ObjectView view, int bytesShown) {
        int shown = Math.min(view.valueLength(), bytesShown);
        String value = Escaped.text(copy(view.memory(), view.valueOffset(), shown));
        return new Found(
                Escaped.text(copy(view.memory(), view.keyOffset(), view.keyLength())),
                view.valueLength(),
                view.version(),
                view.expiryMillis() == 0 ? null : Instant.ofEpochMilli(view.expiryMillis()),
                shown < view.valueLength() ? value + " ..." : value);
    }

    private static byte[] copy(MemorySegment memory, long offset, int length) {
        byte[] bytes = new byte[length];
        MemorySegment.copy(memory, JAVA_BYTE, offset, bytes, 0, length);
        return bytes;
    }

    private static Answer written(Call call, long version, String verb) {
        return Details.of()
                .with("key", call.value(KEY))
                .with("version", version)
                .saying(verb + call.value(KEY) + ", version " + version + '.');
    }

    private static KvStore.Table table(KvStore store, Call call) throws CommandRefused {
        String name = call.value(TABLE, KvStore.DEFAULT_TABLE);
        KvStore.Table table = store.table(name);
        if (table == null) {
            throw new CommandRefused("There is no table " + name + "; see `table:list`.");
        }
        return table;
    }

    private static byte[] bytes(Call call, String name) throws CommandRefused {
        String text = call.value(name);
        try {
            return call.has(ESCAPED) ? Escaped.bytes(text) : text.getBytes(StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new CommandRefused(e.getMessage());
        }
    }

    private static void settle(KvSession session) throws CommandRefused {
        if (session.settle() != Status.OK) {
            throw new CommandRefused(
                    "The disk that the log is kept on does not answer: what was asked for may have"
                            + " been done or not, and may not last.");
        }
    }

    private static void require(KvStore present, Status status, String key) throws CommandRefused {
        String refusal =
                switch (status) {
                    case OK -> "";
                    case NOT_FOUND -> "There is no key '" + key + "'.";
                    case EXISTS -> "There is a key '" + key + "' already.";
                    case WRONG_VERSION, OLD_VERSION ->
                            "The key '" + key + "' was changed meanwhile.";
                    case NOT_A_NUMBER, OVERFLOW -> "The value of '" + key + "' does not fit.";
                    case TOO_LARGE ->
                            "Key or value is too long: a key has up to "
                                    + KvStore.KEY_BYTES_MAX
                                    + " bytes, a value up to "
                                    + present.valueBytesMax()
                                    + " (the store's log.segment.bytes decides that).";
                    case OUT_OF_MEMORY ->
                            "Memory is full of live objects: remove some, or give the node more.";
                    case SEVERAL_TABLETS, ABANDONED, STALE_REQUEST ->
                            throw new IllegalStateException("one change has no " + status);
                    case NO_SUCH_TABLE -> "The table was dropped meanwhile.";
                    case NOT_OWNER -> "Another server has the key '" + key + "'.";
                    case RETRY_LATER -> "The store is busy; try again in a moment.";
                    case UNAVAILABLE -> "The server that has the key '" + key + "' is down.";
                    case DISK_FAILED ->
                            "The disk that the log is kept on is full or fails; nothing was done.";
                    case UNKNOWN ->
                            "The server that has the key '"
                                    + key
                                    + "' did not answer; the change may have been made or not.";
                };
        if (!refusal.isEmpty()) {
            throw new CommandRefused(refusal);
        }
    }
}
