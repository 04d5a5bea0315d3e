package io.silkstone.threads;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What one core measures of itself for the load estimator (Arachne, section 5.2). The core alone
 * writes, the control thread reads; a reader may see some words a moment older than others.
 */
final class LoadMeter {
    private static final VarHandle IDLE = handle("idleNanos");
    private static final VarHandle LOADED = handle("loadedNanos");
    private static final VarHandle PASS = handle("passStart");
    private static final VarHandle CREATED = handle("created");

    long p00, p01, p02, p03, p04, p05, p06, p07, p08, p09, p10, p11, p12, p13, p14, p15;

    private long idleNanos;
    private long loadedNanos;
    private long passStart;
    private long created;
    private int runs;

    long q00, q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, q11, q12, q13, q14, q15;

    private static VarHandle handle(String field) {
        try {
            return MethodHandles.lookup().findVarHandle(LoadMeter.class, field, long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Begins anew at {@code now}, as when a core has just been got. */
    void restart(long now) {
        PASS.setOpaque(this, now);
        runs = 0;
    }

    /** {@code count} threads or requests ran in this pass. */
    void ran(int count) {
        runs += count;
    }

    /** A new thread began to run. */
    void started() {
        CREATED.setOpaque(this, created + 1);
    }

    /** A pass over the contexts ends at {@code now}: how many threads and requests ran in it. */
    int endPass(long now) {
        long length = now - passStart;
        int ran = runs;
        if (ran == 0) {
            IDLE.setOpaque(this, idleNanos + length);
        } else {
            LOADED.setOpaque(this, loadedNanos + ran * length);
        }
        PASS.setOpaque(this, now);
        runs = 0;
        return ran;
    }

    /** The first {@code nanos} of the pass that has begun were a wait: they belong to no pass. */
    void waited(long nanos) {
        IDLE.setOpaque(this, idleNanos + nanos);
        PASS.setOpaque(this, passStart + nanos);
    }

    /** Time without work so far. A core that is parked now has been idle since its last pass. */
    long idleNanos(long now, boolean parked) {
        long idle = (long) IDLE.getOpaque(this);
        return parked ? idle + Math.max(0, now - passStart()) : idle;
    }

    /** Sum over all passes of the threads that ran in it times its length. */
    long loadedNanos() {
        return (long) LOADED.getOpaque(this);
    }

    long passStart() {
        return (long) PASS.getOpaque(this);
    }

    long created() {
        return (long) CREATED.getOpaque(this);
    }
}
