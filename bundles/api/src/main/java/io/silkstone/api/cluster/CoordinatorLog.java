package io.silkstone.api.cluster;

import java.lang.foreign.MemorySegment;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Where the coordinator's decisions are kept, in one order that all replicas of it agree upon. The
 * coordinator is a deterministic state machine that is fed from here and does nothing on its own:
 * two that have applied the same commands are equal.
 *
 * <p>Threads: {@link #propose} any; the {@link Replica} is called by one thread at a time.
 */
@ConsumerType
public interface CoordinatorLog extends AutoCloseable {
    /** The state machine that the log feeds. */
    interface Replica {
        /**
         * Forgets everything, and takes over what {@link #snapshot} once wrote.
         *
         * @throws IllegalArgumentException when it cannot be read
         */
        void restore(byte[] snapshot);

        /** Its whole state as bytes, from which an equal one can be restored. */
        byte[] snapshot();

        /**
         * Applies a command that is committed: kept for ever, whatever fails.
         *
         * @param index number of the command in the log, from 1, without gaps
         * @param command valid only during the call
         * @return what the proposer is told
         */
        byte[] apply(long index, MemorySegment command);

        /**
         * This replica leads from now on, or does not any more. When it begins to lead it has
         * applied every command that was committed before.
         *
         * @param leading whether it leads
         * @param leader where the leader is reached, in the words of the transport; empty if that
         *     is not known
         */
        void leads(boolean leading, String leader);
    }

    /** Told what became of a proposal. */
    @FunctionalInterface
    interface Outcome {
        /**
         * The command was committed and applied, with this result; or, with null, it may have been
         * or may yet be, or not.
         */
        void ended(byte[] result);
    }

    /**
     * Whether another replica can come to lead before this one hears of it. Who leads has to make
     * sure of that then, by proposing something, before it promises anything on its own.
     */
    default boolean isShared() {
        return true;
    }

    /**
     * Begins: restores and applies what was committed so far, then goes on to lead or to follow.
     * Returns when a log that is this machine's alone has been read. One that is shared returns
     * sooner, and brings what was committed as others tell; it may restore at any time later, when
     * it has to begin anew.
     *
     * @throws IllegalStateException when the log cannot be read or written; the message is for
     *     operators
     */
    void start(Replica replica);

    /**
     * Proposes a command. The outcome is told once, soon or after a time-out of the log's own, from
     * any thread.
     *
     * @return false when it was not taken: this replica does not lead, or as many commands as it
     *     takes are waiting
     */
    boolean propose(byte[] command, Outcome outcome);

    /** Ends; proposals under way end without result. What was committed stays. */
    @Override
    void close();
}
