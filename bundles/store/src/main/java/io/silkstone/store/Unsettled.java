package io.silkstone.store;

import io.silkstone.store.durable.Alarms;

/** What one session was told and may not tell on yet. Threads: the session's. */
final class Unsettled {
    private final Settlement settlement;
    private long mark;

    /** Null until it is wanted. */
    private Alarms.Alarm alarm;

    /** Nothing yet. */
    Unsettled(Settlement settlement) {
        this.settlement = settlement;
    }

    /** It was told of {@code entry}, or has written it. Inside an epoch. */
    void saw(long entry) {
        if (settlement.isNeeded()) {
            mark = Math.max(mark, settlement.markOf(entry));
        }
    }

    /** It was told of {@code entry}, or if that is 0 that there is no object of {@code hash}. */
    void saw(long entry, long hash) {
        if (settlement.isNeeded()) {
            long found = entry == 0 ? settlement.markOfMissing(hash) : settlement.markOf(entry);
            mark = Math.max(mark, found);
        }
    }

    /** It was told of many. */
    void sawAll() {
        if (settlement.isNeeded()) {
            mark = Math.max(mark, settlement.markOfAll());
        }
    }

    /**
     * The mark of all of that, which is forgotten here.
     *
     * @return 0 when it is settled
     */
    long take() {
        long taken = mark;
        if (taken == 0) {
            return 0;
        }
        mark = 0;
        if (settlement.isSettled(taken)) {
            return 0;
        }
        settlement.want(taken);
        return taken;
    }

    /** See {@link io.silkstone.api.store.KvSession#wakeWhenSettled}. */
    boolean wakeWhenSettled(long mark, Runnable wakeUp) {
        boolean isNeeded = settlement.isNeeded();
        if (isNeeded && alarm == null) {
            alarm = settlement.openAlarm();
        }
        if (isNeeded) {
            alarm.set(mark, wakeUp);
        }
        // In this order, or what is settled in between would wake nobody.
        if (settlement.isSettled(mark)) {
            wakeUp.run();
        }
        return isNeeded;
    }

    /** The session ends. */
    void close() {
        if (alarm != null) {
            alarm.close();
        }
    }
}
