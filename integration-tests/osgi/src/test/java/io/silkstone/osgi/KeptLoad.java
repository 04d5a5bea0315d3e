package io.silkstone.osgi;

import io.silkstone.harness.RespConnection;
import io.silkstone.harness.RespConnection.Failure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Connections that change what a node holds until it is killed, each the keys of its own, and one
 * that reads what they change. What each key may be afterwards is in its {@link KeyHistory}; the
 * node lives several times, and the histories go on.
 *
 * <p>States are numbers that only grow, whatever stands behind them in the value, and a mark if the
 * key is to expire some time.
 */
final class KeptLoad {
    /** The keys of one transaction, which must always be the same. */
    static final List<String> TOGETHER = List.of("both-1", "both-2", "both-3");

    private static final int KEYS = 8;
    private static final int PIPELINE_MAX = 8;
    private static final int FILLING_BYTES = 60_000;
    private static final int FILLING_KEYS = 40;
    private static final int FILLING_PIPELINE = 4;
    private static final int EXPIRY_SECONDS = 10_000;
    private static final String EXPIRES = " expires";
    private static final String COUNT = "count";
    private static final long WAIT_SECONDS_MAX = 3;
    private static final long JOIN_MILLIS_MAX = 30_000;

    private final Map<String, KeyHistory> histories = new TreeMap<>();
    private final AtomicLong number = new AtomicLong();
    private final Queue<String> complaints = new ConcurrentLinkedQueue<>();

    /** Held for writing while all keys change at once. */
    private final ReadWriteLock everything = new ReentrantReadWriteLock();

    private final SplittableRandom random;

    // Of the life that the node lives.

    private final List<Thread> threads = new ArrayList<>();
    private Semaphore acknowledged = new Semaphore(0);
    private int port;

    /** A change of a key, with the number of the state that it asks for. */
    private record Change(KeyHistory history, int state) {}

    /**
     * Something to send, and what is known when its reply is there.
     *
     * @param reply what it must be; null when that does not matter
     */
    private record Command(List<Change> changes, Object reply, String... words) {}

    /** Chooses what a connection sends in one go. */
    @FunctionalInterface
    private interface Writer {
        List<Command> next(SplittableRandom random);
    }

    KeptLoad(SplittableRandom random) {
        this.random = random;
        for (int key = 0; key < KEYS; key++) {
            add("set-" + key);
            add("expire-" + key);
        }
        for (int key = 0; key < FILLING_KEYS; key++) {
            add("fill-" + key);
        }
        TOGETHER.forEach(this::add);
        add(COUNT);
    }

    private void add(String key) {
        histories.put(key, new KeyHistory(key));
    }

    Collection<KeyHistory> histories() {
        return histories.values();
    }

    /** What was answered wrongly; empty in the end, if all is well. */
    Collection<String> complaints() {
        return complaints;
    }

    /** Begins to load the node at {@code port}. */
    void start(int port) throws IOException {
        this.port = port;
        acknowledged = new Semaphore(0);
        for (Writer writer :
                List.<Writer>of(this::set, this::count, this::together, this::expire, this::fill)) {
            spawn(new RespConnection(port), writer);
        }
        spawn(new RespConnection(port), null);
    }

    /** Returns when so many more changes were acknowledged, or it takes too long. */
    void awaitAcknowledged(int changes) throws InterruptedException {
        boolean wereMany = acknowledged.tryAcquire(changes, WAIT_SECONDS_MAX, TimeUnit.SECONDS);
        if (!wereMany && acknowledged.drainPermits() == 0) {
            complaints.add("nothing was acknowledged");
        }
    }

    /** Has the node forget all keys while nobody else asks for anything. */
    void forgetAll() throws IOException {
        everything.writeLock().lock();
        try (RespConnection connection = new RespConnection(port)) {
            List<Change> changes = new ArrayList<>();
            histories.values().forEach(each -> changes.add(new Change(each, each.ask(null))));
            say(connection, List.of(new Command(changes, "OK", "FLUSHALL")));
        } finally {
            everything.writeLock().unlock();
        }
    }

    /** The node is not there any more. */
    void ended() throws InterruptedException {
        for (Thread thread : threads) {
            thread.join(JOIN_MILLIS_MAX);
            if (thread.isAlive()) {
                complaints.add(thread.getName() + " still waits for a node that has ended");
            }
        }
        threads.clear();
    }

    /** The state of {@code key} as {@code connection} shows it. */
    static String state(RespConnection connection, String key) throws IOException {
        String value = (String) connection.call("GET", key);
        boolean expires = (Long) connection.call("TTL", key) > 0;
        return value == null ? null : numberIn(value) + (expires ? EXPIRES : "");
    }

    private static String numberIn(String value) {
        return value.split(" ", 2)[0];
    }

    private void spawn(RespConnection connection, Writer writer) {
        SplittableRandom own = random.split();
        Thread thread =
                Thread.ofPlatform()
                        .daemon()
                        .name("kept-load-" + threads.size())
                        .unstarted(() -> run(connection, writer, own));
        threads.add(thread);
        thread.start();
    }

    private void run(RespConnection connection, Writer writer, SplittableRandom own) {
        try (connection) {
            while (true) {
                everything.readLock().lock();
                try {
                    if (writer == null) {
                        read(connection, own);
                    } else {
                        say(connection, writer.next(own));
                    }
                } finally {
                    everything.readLock().unlock();
                }
            }
        } catch (IOException e) {
            // The node was killed: of what has no reply nobody knows.
            return;
        } catch (RuntimeException e) {
            complaints.add(e.toString());
        }
    }

    private void say(RespConnection connection, List<Command> commands) throws IOException {
        for (Command command : commands) {
            connection.send(command.words);
        }
        connection.flush();
        for (Command command : commands) {
            Object reply = connection.receive();
            boolean isWell = command.reply == null || Objects.equals(reply, command.reply);
            if (!isWell || reply instanceof Failure) {
                complaints.add(String.join(" ", command.words) + " was answered " + reply);
            }
            command.changes.forEach(change -> change.history.told(change.state));
            acknowledged.release();
        }
    }

    /** What one connection is told by others' changes counts as well as their own replies. */
    private void read(RespConnection connection, SplittableRandom own) throws IOException {
        KeyHistory history = histories.get("set-" + own.nextInt(KEYS));
        String value = (String) connection.call("GET", history.key());
        if (value != null) {
            history.read(numberIn(value));
        }
    }

    private String next() {
        return Long.toString(number.incrementAndGet());
    }

    private Command change(KeyHistory history, String state, Object reply, String... words) {
        return new Command(List.of(new Change(history, history.ask(state))), reply, words);
    }

    private List<Command> set(SplittableRandom own) {
        List<Command> commands = new ArrayList<>();
        for (int left = 1 + own.nextInt(PIPELINE_MAX); left > 0; left--) {
            String key = "set-" + own.nextInt(KEYS);
            KeyHistory history = histories.get(key);
            if (own.nextInt(4) == 0) {
                long removed = history.newest() == null ? 0 : 1;
                commands.add(change(history, null, removed, "DEL", key));
            } else {
                String state = next();
                commands.add(change(history, state, "OK", "SET", key, state));
            }
        }
        return commands;
    }

    private List<Command> count(SplittableRandom own) {
        KeyHistory history = histories.get(COUNT);
        String before = history.newest();
        long sum = 1 + (before == null ? 0 : Long.parseLong(before));
        return List.of(change(history, Long.toString(sum), sum, "INCR", COUNT));
    }

    private List<Command> together(SplittableRandom own) {
        boolean removes = own.nextInt(8) == 0;
        String state = removes ? null : next();
        List<Command> commands = new ArrayList<>();
        List<Change> changes = new ArrayList<>();
        commands.add(new Command(List.of(), "OK", "MULTI"));
        for (String key : TOGETHER) {
            KeyHistory history = histories.get(key);
            changes.add(new Change(history, history.ask(state)));
            String[] words = removes ? new String[] {"DEL", key} : new String[] {"SET", key, state};
            commands.add(new Command(List.of(), "QUEUED", words));
        }
        commands.add(new Command(changes, null, "EXEC"));
        return commands;
    }

    private List<Command> expire(SplittableRandom own) {
        String key = "expire-" + own.nextInt(KEYS);
        KeyHistory history = histories.get(key);
        String state = next();
        if (own.nextInt(4) == 0) {
            // Gone before anybody can look.
            return List.of(change(history, null, "OK", "SET", key, state, "PX", "1"));
        }
        return List.of(
                change(history, state, "OK", "SET", key, state),
                change(
                        history,
                        state + EXPIRES,
                        1L,
                        "EXPIRE",
                        key,
                        Integer.toString(EXPIRY_SECONDS)));
    }

    /** So much that segments are cleaned, and their copies removed. */
    private List<Command> fill(SplittableRandom own) {
        List<Command> commands = new ArrayList<>();
        for (int left = FILLING_PIPELINE; left > 0; left--) {
            String key = "fill-" + own.nextInt(FILLING_KEYS);
            String state = next();
            String value = state + " " + "x".repeat(own.nextInt(FILLING_BYTES));
            commands.add(change(histories.get(key), state, "OK", "SET", key, value));
        }
        return commands;
    }
}
