package io.silkstone.store.master;

import io.silkstone.rpc.Call;
import io.silkstone.rpc.Completion;
import io.silkstone.rpc.Leader;
import io.silkstone.rpc.Peer;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.Waitable;
import io.silkstone.rpc.messages.DoneDecoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Priority;
import io.silkstone.rpc.messages.Status;
import org.agrona.MutableDirectBuffer;

/**
 * One user thread's way to ask another process and wait for the answer. Threads: one at a time.
 *
 * @see Call
 */
final class Question extends Waitable implements AutoCloseable {
    private static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;

    private final Rpc rpc;
    private final Call call;
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private static final Runnable NOTHING = () -> {};

    private final Completion completion = this::answered;
    private Runnable whenAnswered = NOTHING;
    private long begunAt;
    private long answeredAt;
    private volatile boolean done;

    /**
     * Asks with {@code priority}.
     *
     * @throws IllegalStateException when all calls are in use
     */
    Question(Rpc rpc, Priority priority) {
        this.rpc = rpc;
        call = rpc.newCall().priority(priority);
    }

    /** Where to encode the request, message header first; {@code bytes} are certainly there. */
    MutableDirectBuffer request(int bytes) {
        return call.request(bytes);
    }

    /** For the header of the request. */
    MessageHeaderEncoder header() {
        return header;
    }

    /** The answer, once there is one. */
    Call answer() {
        return call;
    }

    /**
     * Asks the coordinator that leads.
     *
     * @param length of the request without its message header
     * @return how it ended; where it is OK, {@link #answer} is the reply that belongs to the
     *     request
     */
    Status ask(Leader leader, int length, long nanos) {
        done = false;
        whenAnswered = NOTHING;
        begunAt = rpc.now();
        leader.start(call, BODY + length, nanos, completion);
        return await();
    }

    /** As the other, of the server {@code target} at {@code peer}. */
    Status ask(Peer peer, long target, int length, long nanos) {
        begin(peer, target, length, nanos, NOTHING);
        return await();
    }

    /**
     * As {@link #ask}, without waiting; {@link #await} comes before anything else.
     *
     * @param whenEnded called once, by whoever takes note of the answer, or that none comes
     */
    void begin(Peer peer, long target, int length, long nanos, Runnable whenEnded) {
        done = false;
        whenAnswered = whenEnded;
        begunAt = rpc.now();
        call.start(peer, target, BODY + length, nanos, completion);
    }

    private void answered(Call ended) {
        answeredAt = rpc.now();
        whenAnswered.run();
        done = true;
        rpc.wake(this);
    }

    /** From the last question to its answer, which is here. */
    long roundTripNanos() {
        return answeredAt - begunAt;
    }

    /** Waits for the answer, as {@link #ask} does. */
    Status await() {
        rpc.await(this);
        boolean isWhole = call.hasReply() || call.status() != Status.OK;
        return isWhole ? call.status() : Status.RETRY_LATER;
    }

    /** The number in an answer that is Done. */
    long number() {
        DoneDecoder done = new DoneDecoder();
        done.wrap(call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
        return done.number();
    }

    @Override
    public boolean isDone() {
        return done;
    }

    @Override
    public void close() {
        call.close();
    }
}
