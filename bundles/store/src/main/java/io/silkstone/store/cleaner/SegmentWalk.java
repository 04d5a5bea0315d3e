package io.silkstone.store.cleaner;

import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Segment;

/** Goes through the entries of a closed segment, with any pause in between. Not thread-safe. */
final class SegmentWalk {
    /** Returned by {@link #next} when the next entry is still being written. */
    static final long IN_THE_MAKING = -1;

    private Segment segment;
    private int extent;
    private long position;

    /** Stands before the first entry of {@code segment}. */
    void begin(Segment segment) {
        this.segment = segment;
        extent = 0;
        position = segment.extents() == 0 ? 0 : segment.extentAddress(0);
    }

    /** The next entry, of whatever type, and steps over it; 0 at the end. */
    long next() {
        while (extent < segment.extents()) {
            if (position < segment.extentEnd(extent)) {
                int header = Entry.header(position);
                if (header == 0) {
                    return IN_THE_MAKING;
                }
                long entry = position;
                position += Entry.strideOf(header);
                return entry;
            }
            extent++;
            position = extent < segment.extents() ? segment.extentAddress(extent) : 0;
        }
        return 0;
    }
}
