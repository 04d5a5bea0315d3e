package io.silkstone.store.log;

import io.silkstone.store.memory.Memory;

/**
 * Layout of an entry of type {@link Entry#RESULT}: what became of a request that is done exactly
 * once. Little-endian, as all of {@link Entry}, whose checksum covers it.
 *
 * <pre>
 *   0      header of an entry: hash of the request's key (of a batch the first one's) and table id
 *          say where it belongs; version is what was answered; tag and key length are 0
 *  30   u8 how it ended, see {@link #ended}
 *  31   u8 what follows at 56: 0 nothing, 1 the previous object, 2 the answers of a batch
 *  32  u64 lease
 *  40  u64 request
 *  48  u64 sum, if it was an increment that was done; of a batch the number n of changes
 *  56      the previous object's entry as it lay in the log, without the dead flag; or of each of
 *          the n changes the version (u64), and then of each how it ended (u8)
 * </pre>
 */
public final class Result {
    /** Bytes before the previous object or the answers. */
    public static final int HEADER_BYTES = 56;

    private static final int ENDED_OFFSET = 30;
    private static final int FORM_OFFSET = 31;
    private static final int LEASE_OFFSET = 32;
    private static final int REQUEST_OFFSET = 40;
    private static final int NUMBER_OFFSET = 48;
    private static final int ANSWER_BYTES = Long.BYTES + Byte.BYTES;

    private static final int PLAIN = 0;
    private static final int WITH_PREVIOUS = 1;
    private static final int OF_A_BATCH = 2;

    private Result() {}

    /**
     * Length of the result of one change.
     *
     * @param previous the object that it shows; 0 for none
     */
    public static int lengthOf(long previous) {
        return HEADER_BYTES + (previous == 0 ? 0 : Entry.length(Entry.header(previous)));
    }

    /** Length of the result of {@code changes} that were one batch. */
    public static int lengthOfBatch(int changes) {
        return HEADER_BYTES + changes * ANSWER_BYTES;
    }

    /** Writes who asked. */
    public static void putRequest(long entry, long lease, long request) {
        Memory.putLong(entry + LEASE_OFFSET, lease);
        Memory.putLong(entry + REQUEST_OFFSET, request);
    }

    /**
     * Writes what became of one change.
     *
     * @param previous the object that it shows; 0 for none
     */
    public static void putAnswer(long entry, int ended, long number, long previous) {
        Memory.putByte(entry + ENDED_OFFSET, (byte) ended);
        Memory.putByte(entry + FORM_OFFSET, (byte) (previous == 0 ? PLAIN : WITH_PREVIOUS));
        Memory.putLong(entry + NUMBER_OFFSET, number);
        if (previous != 0) {
            int header = Entry.withoutDeadFlag(Entry.header(previous));
            Memory.copy(previous, entry + HEADER_BYTES, Entry.length(header));
            // The object may have died meanwhile; what is shown of it has not.
            Memory.putInt(entry + HEADER_BYTES, header);
        }
    }

    /**
     * Writes what became of a batch of {@code changes}; {@link #putAnswer(long, int, int, long)}.
     */
    public static void putBatch(long entry, int ended, int changes) {
        Memory.putByte(entry + ENDED_OFFSET, (byte) ended);
        Memory.putByte(entry + FORM_OFFSET, (byte) OF_A_BATCH);
        Memory.putLong(entry + NUMBER_OFFSET, changes);
    }

    /** Writes what became of change {@code index} of a batch. */
    public static void putAnswer(long entry, int index, int ended, long version) {
        Memory.putLong(entry + HEADER_BYTES + (long) index * Long.BYTES, version);
        Memory.putByte(endedAddress(entry, index), (byte) ended);
    }

    private static long endedAddress(long entry, int index) {
        return entry + HEADER_BYTES + Memory.getLong(entry + NUMBER_OFFSET) * Long.BYTES + index;
    }

    /** The lease that the request is of. */
    public static long lease(long entry) {
        return Memory.getLong(entry + LEASE_OFFSET);
    }

    /** The request. */
    public static long request(long entry) {
        return Memory.getLong(entry + REQUEST_OFFSET);
    }

    /** How it ended; the writer's code. */
    public static int ended(long entry) {
        return Memory.getByte(entry + ENDED_OFFSET);
    }

    /** The sum of an increment. */
    public static long number(long entry) {
        return Memory.getLong(entry + NUMBER_OFFSET);
    }

    /** The entry of the previous object; 0 for none. */
    public static long previous(long entry) {
        return Memory.getByte(entry + FORM_OFFSET) == WITH_PREVIOUS ? entry + HEADER_BYTES : 0;
    }

    /** How many changes of a batch have answers here; 0 when it is not the result of a batch. */
    public static int changes(long entry) {
        boolean batch = Memory.getByte(entry + FORM_OFFSET) == OF_A_BATCH;
        return batch ? (int) Memory.getLong(entry + NUMBER_OFFSET) : 0;
    }

    /** How change {@code index} of a batch ended; the writer's code. */
    public static int ended(long entry, int index) {
        return Memory.getByte(endedAddress(entry, index));
    }

    /** The version that change {@code index} of a batch was answered with. */
    public static long version(long entry, int index) {
        return Memory.getLong(entry + HEADER_BYTES + (long) index * Long.BYTES);
    }
}
