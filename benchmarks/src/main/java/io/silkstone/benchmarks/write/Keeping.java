package io.silkstone.benchmarks.write;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What has a write when it is acknowledged. Each way of ours has its like in Redis. */
enum Keeping {
    /** The server's memory. */
    OFF("appendonly no"),
    /** The operating system. */
    NEVER("appendfsync no"),
    /** The operating system, and the disk within a second. */
    INTERVAL("appendfsync everysec"),
    /** The disk. */
    ALWAYS("appendfsync always");

    /**
     * Small enough that the log is cleaned while it is measured, as one is that has run for long.
     */
    private static final long MEMORY_BYTES = 256 << 20;

    private final String redis;

    Keeping(String redis) {
        this.redis = redis;
    }

    /** As a part of a key in the result line. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** How Redis calls its like. */
    String redis() {
        return redis;
    }

    /** Of a node that keeps so, for {@link io.silkstone.harness.NodeProcess#start}. */
    Map<String, String> configuration() {
        return Map.of("io.silkstone.store.master", "log.flush = " + name() + "\n" + memory());
    }

    /** How much memory a node has for its log, as a line of its configuration. */
    String memory() {
        return "memory.bytes = " + MEMORY_BYTES + "\n";
    }

    /** Of a redis-server that keeps so, words of its command line. */
    List<String> redisSettings() {
        String[] setting = redis.split(" ");
        return this == OFF
                ? List.of()
                : List.of("--appendonly", "yes", "--" + setting[0], setting[1]);
    }
}
