package io.silkstone.store.durable;

import java.util.TreeMap;

/** Notes of logs as they come to a backup. */
public final class TestNotes {
    private TestNotes() {}

    /**
     * One that names the segments from 1 to {@code newest}.
     *
     * @param bytes how much of each was in its copy for certain
     */
    public static byte[] note(long newest, int bytes) {
        TreeMap<Long, Integer> least = new TreeMap<>();
        for (long segment = 1; segment <= newest; segment++) {
            least.put(segment, segment < newest ? bytes + 1 : 0);
        }
        return LogNote.of(1, newest, newest, least, new byte[] {(byte) newest}).encode();
    }
}
