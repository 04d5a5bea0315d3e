package io.silkstone.rpc;

import io.silkstone.rpc.messages.MessageHeaderDecoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Priority;
import io.silkstone.rpc.messages.RefusalDecoder;
import io.silkstone.rpc.messages.ReplyHeaderDecoder;
import io.silkstone.rpc.messages.RequestHeaderEncoder;
import io.silkstone.rpc.messages.Status;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * A request of ours and the reply to it; to be used again and again, by one thread at a time. One
 * goes like this: encode the request into {@link #request}, {@link #start}, and when it {@link
 * #isDone} look at {@link #status} and decode {@link #reply}. The reply stays until the next start.
 *
 * <p>A request is sent again until there is a reply or its time is over, so the other side may see
 * it several times: it must be one that may be served twice, or name itself so that it is not.
 */
public final class Call extends Waitable {
    private static final VarHandle STATE;
    private static final int IDLE = 0;
    private static final int UNDER_WAY = 1;
    private static final int DONE = 2;
    private static final int SENDING = 3;

    /** Where a message's own fields begin. */
    static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Call.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Rpc rpc;
    private final int slot;
    private final WireBuffer request = new WireBuffer();
    private final WireBuffer reply = new WireBuffer();
    private final RequestHeaderEncoder requestHeader = new RequestHeaderEncoder();
    private final MessageHeaderDecoder messageHeader = new MessageHeaderDecoder();
    private final ReplyHeaderDecoder replyHeader = new ReplyHeaderDecoder();
    private final RefusalDecoder refusal = new RefusalDecoder();
    private volatile int state;
    private Completion completion = Completion.NONE;
    private Priority priority = Priority.NORMAL;

    /** Of the request under way; the remainder by the number of calls is the slot. */
    private long id;

    private Peer peer;
    private int length;
    private long deadline;
    private long sendAgainAt;
    private long resendNanos;
    private int attempt;
    private Status status;
    private int replyLength;
    private long owner;
    private long epoch;

    Call(Rpc rpc, int slot, long id) {
        this.rpc = rpc;
        this.slot = slot;
        this.id = id;
    }

    /** Where to encode the request, message header first; {@code bytes} are certainly there. */
    public MutableDirectBuffer request(int bytes) {
        assert state != UNDER_WAY;
        return request.atLeast(bytes);
    }

    /** The memory of {@link #request}, byte for byte, until it grows. */
    public MemorySegment requestMemory() {
        return request.memory();
    }

    /** What the next requests are in the queues of the other side; NORMAL if nothing is said. */
    public Call priority(Priority priority) {
        this.priority = priority;
        return this;
    }

    /**
     * Sends the {@code length} bytes of the request to {@code peer}; its header is filled in here.
     *
     * @param target the server that is meant, 0 for whoever is there
     * @param timeoutNanos when to give up, with TIMED_OUT
     * @param completion told in the end
     */
    public void start(
            Peer peer, long target, int length, long timeoutNanos, Completion completion) {
        assert state != UNDER_WAY;
        assert length <= request.buffer().capacity();
        this.peer = peer;
        this.length = length;
        this.completion = completion;
        id += rpc.callsMax();
        attempt = 0;
        resendNanos = rpc.resendNanos();
        long now = rpc.now();
        deadline = now + timeoutNanos;
        requestHeader
                .wrap(request.buffer(), BODY)
                .call(id)
                .cluster(rpc.cluster())
                .target(target)
                .priority(priority);
        rpc.countCall();
        // The reply may be there before this thread has left the transport.
        STATE.setRelease(this, SENDING);
        send(now);
        STATE.setRelease(this, UNDER_WAY);
    }

    private void send(long now) {
        requestHeader.timeoutMicros((int) Math.max(1, (deadline - now) / 1_000));
        requestHeader.attempt((short) Math.min(attempt, 254));
        boolean sent = peer.send(request.memory(), length);
        if (sent) {
            attempt++;
            resendNanos = Math.min(2 * resendNanos, Rpc.RESEND_NANOS_MAX);
        }
        // A session that is full or not open yet is tried again soon.
        sendAgainAt = now + (sent ? resendNanos / 2 : Rpc.UNSENT_NANOS);
    }

    /** Looks at the time: sends it again, or gives up. By the thread that polls. */
    boolean advance(long now) {
        if ((int) STATE.getAcquire(this) != UNDER_WAY) {
            return false;
        }
        if (now - deadline >= 0) {
            rpc.countTimedOut();
            status = Status.TIMED_OUT;
            end();
            return true;
        }
        if (now - sendAgainAt < 0) {
            return false;
        }
        if (attempt > 0) {
            rpc.countResent();
        }
        send(now);
        return true;
    }

    /** Whether {@code call} is this request and not one before it. By the thread that polls. */
    boolean expects(long call) {
        int now = (int) STATE.getAcquire(this);
        while (now == SENDING) {
            Thread.onSpinWait();
            now = (int) STATE.getAcquire(this);
        }
        return now == UNDER_WAY && call == id;
    }

    /** Takes the reply and ends. By the thread that polls. */
    void replied(MemorySegment memory, long offset, int length) {
        reply.atLeast(length);
        replyLength = length;
        MemorySegment.copy(memory, offset, reply.memory(), 0, length);
        messageHeader.wrap(reply.buffer(), 0);
        status = replyHeader.wrap(reply.buffer(), BODY).status();
        owner = 0;
        epoch = 0;
        if (messageHeader.templateId() == RefusalDecoder.TEMPLATE_ID) {
            refusal.wrap(
                    reply.buffer(), BODY, messageHeader.blockLength(), messageHeader.version());
            owner = refusal.owner();
            epoch = refusal.epoch();
        }
        end();
    }

    private void end() {
        Completion told = completion;
        STATE.setRelease(this, DONE);
        rpc.wake(this);
        told.done(this);
    }

    @Override
    public boolean isDone() {
        return (int) STATE.getAcquire(this) == DONE;
    }

    /** How it ended. */
    public Status status() {
        assert isDone();
        return status;
    }

    /** Whether the reply is the one that belongs to the request, and not a refusal or nothing. */
    public boolean hasReply() {
        return status != Status.TIMED_OUT
                && messageHeader.templateId() != RefusalDecoder.TEMPLATE_ID;
    }

    /** The reply; its own fields begin at {@link #replyOffset}. */
    public DirectBuffer reply() {
        assert isDone();
        return reply.buffer();
    }

    /**
     * Puts {@code length} bytes of {@code memory} behind the reply, over what was put there before:
     * for what is to be seen beside it. {@link #replyMemory} may be another one afterwards.
     *
     * @return where they begin
     */
    public int putBesideReply(MemorySegment memory, long offset, int length) {
        assert isDone();
        reply.atLeast(replyLength + length);
        MemorySegment.copy(memory, offset, reply.memory(), replyLength, length);
        return replyLength;
    }

    /** The memory of {@link #reply}, byte for byte. */
    public MemorySegment replyMemory() {
        assert isDone();
        return reply.memory();
    }

    /** Where the fields of the reply begin. */
    public int replyOffset() {
        return BODY;
    }

    /** Length of the reply's block, for decoders. */
    public int replyBlockLength() {
        return messageHeader.blockLength();
    }

    /** Version of the schema that the reply was written with, for decoders. */
    public int replyVersion() {
        return messageHeader.version();
    }

    /** How long to wait before the next try, where the other side knows that. */
    public long retryNanos() {
        return status == Status.TIMED_OUT ? 0 : replyHeader.retryMicros() * 1_000L;
    }

    /** Who answered; 0 when that is no server. */
    public long server() {
        return status == Status.TIMED_OUT ? 0 : replyHeader.server();
    }

    /** With MOVED: who has the key now; 0 when that is not known. */
    public long owner() {
        return owner;
    }

    /** With MOVED: since which epoch. */
    public long epoch() {
        return epoch;
    }

    /** The text of a refusal; empty where there is none. */
    public String text() {
        return status == Status.TIMED_OUT || hasReply() ? "" : refusal.text();
    }

    /** Whether the last request was sent at all, so that somebody may have served it. */
    public boolean wasSent() {
        return attempt > 0;
    }

    /** Whether the last request was sent more than once. */
    public boolean wasSentAgain() {
        return attempt > 1;
    }

    /** Gives it back; it must not be under way. */
    public void close() {
        assert state != UNDER_WAY;
        rpc.ended(this, slot);
    }
}
