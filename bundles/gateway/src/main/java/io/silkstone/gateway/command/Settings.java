package io.silkstone.gateway.command;

import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.Request;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What CONFIG GET shows and CONFIG SET changes, under the names that Redis clients and tools know.
 * Three kinds: settings that work here, facts that cannot be changed, and settings of Redis that
 * have one right answer here, which is accepted when set and nothing else is.
 *
 * <p>CONFIG SET lasts until the node stops; the configuration file is the operator's. Threads: any.
 */
public final class Settings {
    private static final String PASSWORD = "requirepass";
    private static final long MICROS_DEFAULT = 10_000;
    private static final int SLOW_LOG_DEFAULT = 128;
    private static final int SLOW_LOG_MAX = 100_000;
    private static final double PERCENT = 100;

    /** As Redis reads it: {@code kb} are 1024 bytes and {@code k} are 1000. */
    private static final Pattern MEMORY = Pattern.compile("(\\d{1,18})([kmg]?)(b?)");

    private static final Pattern PERCENTILE = Pattern.compile("\\d{1,3}(\\.\\d{1,9})?");

    private final Map<String, Setting> settings = new TreeMap<>();
    private final Supplier<Long> memoryBytes;
    private volatile long memoryLimitBytes;
    private volatile int clientsMax;
    private volatile long outputLimitBytes;
    private volatile long requestLimitBytes;
    private volatile int idleTimeoutSeconds;
    private volatile long settleNanosMax;
    private volatile long slowMicros = MICROS_DEFAULT;
    private volatile int slowLogLengthMax = SLOW_LOG_DEFAULT;
    private volatile boolean latencyTracked;
    private volatile List<String> percentiles = List.of("50", "99", "99.9");

    /**
     * One setting.
     *
     * @param set returns what is wrong with a value, or null after setting it
     */
    private record Setting(Supplier<String> get, UnaryOperator<String> set) {}

    /**
     * With limits that the node's configuration gave.
     *
     * @param memoryBytes what the store has to give out
     */
    public Settings(
            int clientsMax,
            long outputLimitBytes,
            long requestLimitBytes,
            int idleTimeoutSeconds,
            int settleMillisMax,
            long valueBytesMax,
            Supplier<Long> memoryBytes) {
        limits(
                clientsMax,
                outputLimitBytes,
                requestLimitBytes,
                idleTimeoutSeconds,
                settleMillisMax);
        number("maxclients", 1, 1_000_000, () -> (long) this.clientsMax, v -> this.clientsMax = v);
        number(
                "timeout",
                0,
                Integer.MAX_VALUE,
                () -> (long) this.idleTimeoutSeconds,
                v -> this.idleTimeoutSeconds = v);
        number(
                "slowlog-max-len",
                0,
                SLOW_LOG_MAX,
                () -> (long) slowLogLengthMax,
                v -> slowLogLengthMax = v);
        number(
                "slowlog-log-slower-than",
                -1,
                Integer.MAX_VALUE,
                () -> slowMicros,
                v -> slowMicros = v);
        settings.put(
                "latency-tracking",
                new Setting(() -> latencyTracked ? "yes" : "no", this::latencyTracked));
        settings.put(
                "latency-tracking-info-percentiles",
                new Setting(() -> String.join(" ", percentiles), this::percentiles));
        this.memoryBytes = memoryBytes;
        settings.put(
                "maxmemory", new Setting(() -> Long.toString(memoryBytesMax()), this::memoryLimit));
        fact("proto-max-bulk-len", () -> Long.toString(valueBytesMax));
        fact("client-query-buffer-limit", () -> Long.toString(this.requestLimitBytes));
        fact(
                "client-output-buffer-limit",
                () -> "normal " + this.outputLimitBytes + " 0 0 replica 0 0 0 pubsub 0 0 0");
        fact("databases", () -> "1");
        fact("dir", () -> ".");
        for (String[] one :
                new String[][] {
                    {"appendonly", "no"},
                    {"appendfsync", "everysec"},
                    {"save", ""},
                    {"maxmemory-policy", "noeviction"},
                    {"lazyfree-lazy-eviction", "yes"},
                    {"lazyfree-lazy-expire", "yes"},
                    {"lazyfree-lazy-user-flush", "yes"},
                    {"notify-keyspace-events", ""},
                    {"cluster-enabled", "no"},
                    {"protected-mode", "yes"},
                    {"tcp-keepalive", "300"},
                    {"hz", "10"},
                    {"activedefrag", "no"},
                    {"latency-monitor-threshold", "0"},
                    {"rdbcompression", "no"},
                    {"repl-diskless-sync", "yes"},
                    {"io-threads", "1"},
                }) {
            fixed(one[0], one[1]);
        }
    }

    /** New limits from the node's configuration. */
    public void limits(
            int clients, long outputBytes, long requestBytes, int idleSeconds, int settleMillis) {
        clientsMax = clients;
        outputLimitBytes = outputBytes;
        requestLimitBytes = requestBytes;
        idleTimeoutSeconds = idleSeconds;
        settleNanosMax = TimeUnit.MILLISECONDS.toNanos(settleMillis);
    }

    @FunctionalInterface
    private interface IntSink {
        void accept(int value);
    }

    private void number(String name, long low, long high, Supplier<Long> get, IntSink set) {
        settings.put(
                name,
                new Setting(
                        () -> Long.toString(get.get()),
                        text -> {
                            try {
                                long value = Long.parseLong(text);
                                if (value < low || value > high) {
                                    return "argument must be between "
                                            + low
                                            + " and "
                                            + high
                                            + " inclusive";
                                }
                                set.accept((int) value);
                                return null;
                            } catch (NumberFormatException noNumber) {
                                return "argument couldn't be parsed into an integer";
                            }
                        }));
    }

    private String memoryLimit(String text) {
        Matcher matcher = MEMORY.matcher(text.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            return "argument must be a memory value";
        }
        int power = "kmg".indexOf(matcher.group(2)) + (matcher.group(2).isEmpty() ? 0 : 1);
        long unit = 1;
        for (int i = 0; i < power; i++) {
            unit *= matcher.group(3).isEmpty() ? 1000 : 1024;
        }
        long number = Long.parseLong(matcher.group(1));
        // What no machine has is as good as all that there is.
        memoryLimitBytes = number > Long.MAX_VALUE / unit ? Long.MAX_VALUE : number * unit;
        return null;
    }

    private String latencyTracked(String text) {
        if (!text.equalsIgnoreCase("yes") && !text.equalsIgnoreCase("no")) {
            return "argument must be 'yes' or 'no'";
        }
        latencyTracked = text.equalsIgnoreCase("yes");
        return null;
    }

    private String percentiles(String text) {
        List<String> wanted = new ArrayList<>();
        for (String word : text.strip().split("\\s+")) {
            if (!word.isEmpty()) {
                if (!PERCENTILE.matcher(word).matches() || Double.parseDouble(word) > PERCENT) {
                    return "percentiles should be numbers between 0.0 and 100.0";
                }
                wanted.add(new BigDecimal(word).stripTrailingZeros().toPlainString());
            }
        }
        percentiles = List.copyOf(wanted);
        return null;
    }

    private void fact(String name, Supplier<String> get) {
        settings.put(
                name,
                new Setting(
                        get,
                        text ->
                                text.equals(get.get())
                                        ? null
                                        : "can't set immutable config; it is set in the node's"
                                                + " configuration"));
    }

    private void fixed(String name, String value) {
        settings.put(
                name,
                new Setting(
                        () -> value,
                        text ->
                                text.equalsIgnoreCase(value)
                                        ? null
                                        : "argument must be '" + value + "' in Silkstone"));
    }

    /** Lets clients set the default user's password, which they cannot see. */
    public void password(UnaryOperator<String> set) {
        settings.put(PASSWORD, new Setting(() -> "", set));
    }

    /** Whether the argument names a setting whose value is not to be shown. */
    static boolean isPassword(Request<Command> request, int index) {
        return Memory.text(request.address(index), request.length(index))
                .equalsIgnoreCase(PASSWORD);
    }

    /** The names, sorted. */
    Iterable<String> names() {
        return settings.keySet();
    }

    boolean has(String name) {
        return settings.containsKey(name);
    }

    String get(String name) {
        return settings.get(name).get().get();
    }

    /**
     * Sets several values, or none.
     *
     * @return an error, or null
     */
    synchronized String set(Map<String, String> values) {
        if (values.size() > 1 && values.containsKey(PASSWORD)) {
            // It is kept as a hash only, so it could not be put back if another value is refused.
            return "ERR CONFIG SET failed (possibly related to argument '"
                    + PASSWORD
                    + "') - it must be set alone";
        }
        Map<String, String> before = new LinkedHashMap<>();
        for (Map.Entry<String, String> value : values.entrySet()) {
            String name = value.getKey();
            String present = get(name);
            String wrong = settings.get(name).set().apply(value.getValue());
            if (wrong != null) {
                before.forEach((changed, old) -> settings.get(changed).set().apply(old));
                return "ERR CONFIG SET failed (possibly related to argument '"
                        + name
                        + "') - "
                        + wrong;
            }
            before.put(name, present);
        }
        return null;
    }

    /** Most connections. */
    public int clientsMax() {
        return clientsMax;
    }

    /** Commands that need memory are refused while the store holds more; 0 for no such limit. */
    long memoryLimitBytes() {
        return memoryLimitBytes;
    }

    /** What the store may hold now: that limit, or all that there is. */
    long memoryBytesMax() {
        long limit = memoryLimitBytes;
        long all = memoryBytes.get();
        return limit == 0 ? all : Math.min(limit, all);
    }

    /** Most bytes that wait for a client to read them. */
    public long outputLimitBytes() {
        return outputLimitBytes;
    }

    /** Most bytes of one request, or of a transaction's. */
    public long requestLimitBytes() {
        return requestLimitBytes;
    }

    /** A client that says nothing for so long is disconnected; 0 for never. */
    public int idleTimeoutSeconds() {
        return idleTimeoutSeconds;
    }

    /** A client whose replies are not settled for so long is disconnected. */
    public long settleNanosMax() {
        return settleNanosMax;
    }

    /**
     * Whether how long each command takes is counted. Redis does unless told otherwise; here it is
     * off, since asking for the time twice takes about as long as a GET.
     */
    boolean latencyTracked() {
        return latencyTracked;
    }

    /** The percentiles of it that INFO shows. */
    List<String> percentiles() {
        return percentiles;
    }

    /** Requests that take longer are logged; negative for none. */
    long slowMicros() {
        return slowMicros;
    }

    int slowLogLengthMax() {
        return slowLogLengthMax;
    }
}
