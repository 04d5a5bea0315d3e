package io.silkstone.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.silkstone.client.Answer;
import io.silkstone.client.TableClient;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The objects of one table, a client that overwrites and removes them in a thread of its own, and
 * what it was promised: for each key the newest change that was acknowledged, and those after it
 * that may have been made.
 */
final class Promises {
    private static final int BATCH = 64;
    private static final int VALUE_BYTES = 300;
    private static final int REMOVED_OF = 8;
    private static final int WRONG_MAX = 10;

    private final TableClient table;
    private final SplittableRandom random;

    /** Of the newest change of each key that was acknowledged, and that was tried. */
    private final int[] acknowledged;

    private final int[] tried;
    private final AtomicLong changes = new AtomicLong();
    private final AtomicLong unknown = new AtomicLong();
    private final List<String> failures = new ArrayList<>();
    private long answeredAt;
    private volatile long longestGapNanos;
    private volatile boolean stopped;
    private Thread thread;

    /** Of {@code keys} keys, of which none is there. */
    Promises(TableClient table, int keys, SplittableRandom random) {
        this.table = table;
        this.random = random;
        acknowledged = new int[keys];
        tried = new int[keys];
    }

    private static byte[] key(int number) {
        return ("key-" + number).getBytes(UTF_8);
    }

    /** Every so many changes of a key it is removed; before the first one it is not there. */
    private static boolean removes(int change) {
        return change % REMOVED_OF == 0;
    }

    private static byte[] value(int number, int change) {
        byte[] value = new byte[VALUE_BYTES];
        Arrays.fill(value, (byte) number);
        ByteBuffer.wrap(value).putInt(number).putInt(change);
        return value;
    }

    /** Writes every key once. */
    void fill() {
        for (int first = 0; first < tried.length; first += BATCH) {
            int[] numbers = new int[Math.min(BATCH, tried.length - first)];
            for (int index = 0; index < numbers.length; index++) {
                numbers[index] = first + index;
            }
            change(numbers);
        }
    }

    /** Goes on changing keys at random until {@link #stop}. */
    void start() {
        stopped = false;
        answeredAt = System.nanoTime();
        longestGapNanos = 0;
        thread = Thread.ofPlatform().daemon().name("silkstone-test-promises-0").start(this::run);
    }

    private void run() {
        while (!stopped) {
            // No key twice: of two changes at once nobody knows which is the newer one.
            change(random.ints(0, tried.length).distinct().limit(BATCH).toArray());
        }
    }

    private void change(int[] numbers) {
        List<TableClient.Write> writes = new ArrayList<>();
        List<Integer> written = new ArrayList<>();
        for (int number : numbers) {
            int change = ++tried[number];
            if (removes(change)) {
                note(number, table.remove(key(number)));
            } else {
                writes.add(new TableClient.Write(key(number), value(number, change)));
                written.add(number);
            }
        }
        List<Answer> answers = table.writeAll(writes);
        for (int index = 0; index < answers.size(); index++) {
            note(written.get(index), answers.get(index));
        }
    }

    private void note(int number, Answer answer) {
        switch (answer.status()) {
            case OK, NOT_FOUND -> {
                acknowledged[number] = tried[number];
                long now = System.nanoTime();
                longestGapNanos = Math.max(longestGapNanos, now - answeredAt);
                answeredAt = now;
                changes.incrementAndGet();
            }
            case UNKNOWN -> unknown.incrementAndGet();
            default -> failures.add("key " + number + " was answered " + answer.status());
        }
    }

    /** How many changes were acknowledged. */
    long changes() {
        return changes.get();
    }

    /** Ends the thread, and waits for that. */
    void stop() throws InterruptedException {
        stopped = true;
        thread.join();
    }

    /**
     * Changes that were answered with something else than that they were made, or that nobody knows
     * it. While no thread runs.
     */
    List<String> failures() {
        return List.copyOf(failures);
    }

    /** The longest time between two changes that were acknowledged since {@link #start}. */
    long longestGapMillis() {
        return longestGapNanos / 1_000_000;
    }

    /** How many changes were under way when a server went, so that nobody knows of them. */
    long unknown() {
        return unknown.get();
    }

    /** What is not as it was promised; some of it. While no thread runs. */
    List<String> broken() {
        List<String> broken = new ArrayList<>();
        for (int first = 0; first < tried.length; first += BATCH) {
            List<byte[]> keys = new ArrayList<>();
            for (int number = first; number < Math.min(tried.length, first + BATCH); number++) {
                keys.add(key(number));
            }
            List<Answer> answers = table.readAll(keys);
            for (int index = 0; index < answers.size(); index++) {
                check(first + index, answers.get(index), broken);
            }
        }
        return broken.subList(0, Math.min(broken.size(), WRONG_MAX));
    }

    /** What was never written; some of it. While no thread runs. */
    List<String> impossible() {
        List<String> impossible = new ArrayList<>();
        for (int number = 0; number < tried.length && impossible.size() < WRONG_MAX; number++) {
            TreeSet<String> allowed = new TreeSet<>();
            for (int change = 0; change <= tried[number]; change++) {
                allowed.add(text(number, removes(change) ? null : value(number, change)));
            }
            String found = found(number, table.read(key(number)));
            if (!allowed.contains(found)) {
                impossible.add("key " + number + " shows " + found);
            }
        }
        return impossible;
    }

    /** How many keys are as it was promised. While no thread runs. */
    int kept() {
        List<String> broken = new ArrayList<>();
        for (int number = 0; number < tried.length; number++) {
            check(number, table.read(key(number)), broken);
        }
        return tried.length - broken.size();
    }

    private void check(int number, Answer answer, List<String> broken) {
        TreeSet<String> allowed = new TreeSet<>();
        for (int change = acknowledged[number]; change <= tried[number]; change++) {
            allowed.add(text(number, removes(change) ? null : value(number, change)));
        }
        String found = found(number, answer);
        if (!allowed.contains(found)) {
            broken.add("key " + number + " shows " + found + " instead of one of " + allowed);
        }
    }

    private static String found(int number, Answer answer) {
        return switch (answer.status()) {
            case OK -> text(number, answer.value());
            case NOT_FOUND -> text(number, null);
            default -> answer.status().toString();
        };
    }

    private static String text(int number, byte[] value) {
        if (value == null) {
            return "nothing";
        }
        int change = value.length == VALUE_BYTES ? ByteBuffer.wrap(value).getInt(4) : -1;
        return Arrays.equals(value, value(number, change)) ? "change " + change : "garbage";
    }
}
