package io.silkstone.base;

/** Time of day, for expiry and for people. Threads: any. */
@FunctionalInterface
public interface EpochClock {
    /** The machine's own. */
    EpochClock SYSTEM = System::currentTimeMillis;

    /** Milliseconds since 1970. */
    long millis();
}
