package io.silkstone.benchmarks.redis;

import java.util.Locale;

/** What is asked. */
enum Request {
    GET,
    SET;

    /** As a part of a key in the result line. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
