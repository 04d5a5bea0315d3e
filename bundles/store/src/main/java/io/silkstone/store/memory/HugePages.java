package io.silkstone.store.memory;

/** Whether the kernel backs memory with huge pages. */
public enum HugePages {
    /** Ask for them: fewer TLB misses, but the first touch of each costs a long pause. */
    ON,
    /** Refuse them. */
    OFF,
    /** Leave it to the machine's own setting. */
    AUTO
}
