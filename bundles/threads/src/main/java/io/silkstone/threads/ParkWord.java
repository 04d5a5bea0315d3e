package io.silkstone.threads;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Keeps {@link ParkWord} off its neighbours' cache lines. */
abstract class ParkPadding {
    long p00, p01, p02, p03, p04, p05, p06, p07, p08, p09, p10, p11, p12, p13, p14, p15;
}

/** The word itself, between two paddings. */
abstract class ParkField extends ParkPadding {
    volatile int word;
}

/**
 * Whether a core waits, and where. The core announces that it will wait and then looks for work
 * once more; whoever brings work makes it visible and then looks at this word (Dekker's protocol:
 * both are volatile, so one of the two sees the other). Of several wakers one takes the word and
 * does the waking, which may cost a system call.
 */
final class ParkWord extends ParkField {
    static final int AWAKE = 0;
    static final int IN_KERNEL = 1;
    static final int IN_POLLER = 2;

    private static final VarHandle WORD;

    static {
        try {
            WORD = MethodHandles.lookup().findVarHandle(ParkField.class, "word", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    long q00, q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, q11, q12, q13, q14, q15;

    /** The core will wait {@code where}, unless it now finds work. */
    void announce(int where) {
        word = where;
    }

    /** The core does not wait, or not any more. */
    void awake() {
        word = AWAKE;
    }

    boolean isParked() {
        return word != AWAKE;
    }

    /** Where the core waits to be woken by the caller, {@link #AWAKE} if it need not be. */
    int take() {
        int where = word;
        return where != AWAKE && WORD.compareAndSet(this, where, AWAKE) ? where : AWAKE;
    }
}
