package io.silkstone.store.cleaner;

import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Segment;

/** Goes through the entries of a closed segment, with any pause in between. Not thread-safe. */
final class SegmentWalk {
    /** Returned by {@link #next} when the next entry is still being written. */
    static final long IN_THE_MAKING = -1;

    private Segment segment;
    private long position;

    /** Stands before the first entry of {@code segment}. */
    void begin(Segment segment) {
        this.segment = segment;
        position = segment.begin();
    }

    /** The next entry, of whatever type, and steps over it; 0 at the end. */
    long next() {
        if (position >= segment.end()) {
            return 0;
        }
        int header = Entry.header(position);
        if (header == 0) {
            return IN_THE_MAKING;
        }
        long entry = position;
        position += Entry.strideOf(header);
        return entry;
    }
}
