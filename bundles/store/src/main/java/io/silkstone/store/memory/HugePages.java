package io.silkstone.store.memory;

/** Whether the kernel backs memory with huge pages. */
public enum HugePages {
    /** Ask for them: fewer TLB misses. Their long first touch is paid ahead of use. */
    ON,
    /** Refuse them. */
    OFF,
    /** Leave it to the machine's own setting. */
    AUTO
}
