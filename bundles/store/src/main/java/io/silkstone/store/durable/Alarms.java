package io.silkstone.store.durable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Who wants to be woken when the log is settled up to some position. While nobody does, the keeper
 * pays for that with a look at each alarm in a round. Threads: any, but {@link #ring}.
 */
public final class Alarms {
    private static final long SILENT = 0;

    private volatile List<Alarm> all = List.of();

    /** One who may be woken. Threads: of each alarm, its owner. */
    public final class Alarm {
        private final AtomicLong position = new AtomicLong();
        private Runnable wakeUp;

        private Alarm() {}

        /**
         * Has {@code wakeUp} called once the log is settled up to {@code position}, instead of
         * whatever this was set to before. What was settled before the call wakes nobody.
         *
         * @param wakeUp called by the keeper's thread, which must not be held up
         */
        public void set(long position, Runnable wakeUp) {
            this.wakeUp = wakeUp;
            this.position.set(position);
        }

        /** It wakes nobody any more. */
        public void close() {
            remove(this);
        }
    }

    /** None yet. */
    Alarms() {}

    /** One more, to be closed when nobody needs it. */
    public synchronized Alarm open() {
        List<Alarm> more = new ArrayList<>(all);
        Alarm alarm = new Alarm();
        more.add(alarm);
        all = List.copyOf(more);
        return alarm;
    }

    private synchronized void remove(Alarm alarm) {
        List<Alarm> fewer = new ArrayList<>(all);
        fewer.remove(alarm);
        all = List.copyOf(fewer);
    }

    /** The log is settled up to {@code settled}, as everybody can see by now. */
    void ring(long settled) {
        List<Alarm> present = all;
        for (int index = 0; index < present.size(); index++) {
            Alarm alarm = present.get(index);
            long position = alarm.position.get();
            boolean rings = position != SILENT && position <= settled;
            // Who sets it to another position at this moment waits for that.
            if (rings && alarm.position.compareAndSet(position, SILENT)) {
                alarm.wakeUp.run();
            }
        }
    }
}
