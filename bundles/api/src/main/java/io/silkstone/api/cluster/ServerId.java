package io.silkstone.api.cluster;

/**
 * Names a server from its start to its end. One that is started again in the same place keeps its
 * index and gets the next generation, so nothing that was meant for the one before reaches it.
 *
 * @param index from 1
 * @param generation from 1
 */
public record ServerId(int index, int generation) implements Comparable<ServerId> {
    /** No server. */
    public static final ServerId NONE = new ServerId(0, 0);

    /** The server that {@link #packed} made a number of. */
    public static ServerId of(long packed) {
        return new ServerId((int) (packed >>> 32), (int) packed);
    }

    /** As one number: the index above, the generation below; 0 for {@link #NONE}. */
    public long packed() {
        return (long) index << 32 | generation & 0xffff_ffffL;
    }

    @Override
    public int compareTo(ServerId other) {
        return Long.compareUnsigned(packed(), other.packed());
    }

    /** Such as {@code 3.1}. */
    @Override
    public String toString() {
        return index + "." + generation;
    }
}
