package io.silkstone.base;

/** Time for durations and deadlines; grows steadily from an arbitrary start. Threads: any. */
@FunctionalInterface
public interface NanoClock {
    /** The machine's own. */
    NanoClock SYSTEM = System::nanoTime;

    /** Nanoseconds since some fixed point; compare by subtraction. */
    long nanoTime();
}
