package io.silkstone.store.durable;

/** When a change is settled, and so what survives what. */
public enum Flush {
    /** Nothing is kept: objects live and die with the process. */
    OFF,

    /**
     * When the operating system has it. Survives the end of the process, however sudden; when the
     * machine fails, what the system had not yet written to the disk by itself is lost.
     */
    NEVER,

    /**
     * As {@link #NEVER}, and the disk is told to make it safe once an interval: when the machine
     * fails, so much is lost.
     */
    INTERVAL,

    /** When the disk says that it is safe. Survives whatever the disk survives. */
    ALWAYS
}
