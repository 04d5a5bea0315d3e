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
import org.agrona.concurrent.UnsafeBuffer;

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
    private static final int DONE = 1;

    /** The thread that started it is inside the transport. */
    private static final int SENDING = 2;

    /** The reply came while SENDING. */
    private static final int OVERTAKEN = 3;

    /** Waits for the reply. */
    private static final int UNDER_WAY = 4;

    /** Its result is known, and the thread that polls is to end it. */
    private static final int ARRIVED = 5;

    /** A status that this version does not know had no effect on the store from here on. */
    private static final int WITHOUT_EFFECT_MIN = 50;

    /** Who has been silent for so long may have ended. */
    private static final long SILENCE_NANOS = 20_000_000;

    /** The longest time that a request can say, which is 71 minutes. */
    private static final long TIMEOUT_MICROS_MAX = 0xffff_fffeL;

    /** Calls that a process can have; the low bits of a call's number are its place among them. */
    static final int PLACES = 1 << 16;

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

    /** As long as the reply is, so that no decoder reads what an earlier one left behind. */
    private final UnsafeBuffer answer = new UnsafeBuffer(0, 0);

    private final RequestHeaderEncoder requestHeader = new RequestHeaderEncoder();
    private final MessageHeaderDecoder messageHeader = new MessageHeaderDecoder();
    private final ReplyHeaderDecoder replyHeader = new ReplyHeaderDecoder();
    private final RefusalDecoder refusal = new RefusalDecoder();
    private volatile int state;
    private Completion completion = Completion.NONE;
    private Priority priority = Priority.NORMAL;

    /** Of the request under way; its low bits are the slot ({@link #PLACES}). */
    private long id;

    private Peer peer;
    private long target;
    private int length;
    private long startedAt;
    private long deadline;
    private long sendAgainAt;
    private long resendNanos;
    private int attempt;
    private Status status;
    private boolean answered;
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
        assert isIdle();
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
     * One that is longer than the transport takes ends with TOO_LARGE.
     *
     * @param target the server that is meant, 0 for whoever is there
     * @param timeoutNanos when to give up, with TIMED_OUT; sooner when it is certain that nobody
     *     will answer
     * @param completion told in the end
     */
    public void start(
            Peer peer, long target, int length, long timeoutNanos, Completion completion) {
        assert isIdle();
        assert length <= request.buffer().capacity();
        this.peer = peer;
        this.target = target;
        this.length = length;
        this.completion = completion;
        id += PLACES;
        attempt = 0;
        answered = false;
        owner = 0;
        epoch = 0;
        resendNanos = rpc.resendNanos();
        long now = rpc.now();
        startedAt = now;
        deadline = now + timeoutNanos;
        requestHeader
                .wrap(request.buffer(), BODY)
                .call(id)
                .cluster(rpc.cluster())
                .target(target)
                .priority(priority);
        rpc.countCall();
        rpc.talks(now);
        state = SENDING;
        boolean fits = false;
        boolean returned = false;
        try {
            fits = send(now);
            returned = true;
        } finally {
            if (!returned) {
                state = IDLE;
            }
        }
        if (!fits) {
            status = Status.TOO_LARGE;
        }
        // The reply may have come before this thread has left the transport. The one that polls
        // does not wait for that, for both may be user threads of one core; it looks again.
        if (!fits || !STATE.compareAndSet(this, SENDING, UNDER_WAY)) {
            state = ARRIVED;
            rpc.lookSoon();
        }
    }

    /** Returns false when it is too long for the transport. */
    private boolean send(long now) {
        long micros = Math.clamp((deadline - now) / 1_000, 1, TIMEOUT_MICROS_MAX);
        requestHeader.timeoutMicros(micros).attempt((short) Math.min(attempt, 254));
        if (length > rpc.messageBytesMax()) {
            return false;
        }
        boolean sent;
        try {
            sent = peer.send(request.memory(), length);
        } catch (IllegalArgumentException e) {
            return false;
        }
        if (sent) {
            attempt++;
            sendAgainAt = now + resendNanos;
            resendNanos = Math.max(resendNanos, Math.min(2 * resendNanos, Rpc.RESEND_NANOS_MAX));
        } else {
            // A session that is full or not open yet is tried again soon.
            sendAgainAt = now + Rpc.LOOK_NANOS;
        }
        return true;
    }

    /** Ends it, sends it again, or gives up, as it is time for. By the thread that polls. */
    boolean advance(long now) {
        int current = state;
        if (current == ARRIVED) {
            end();
            return true;
        }
        if (current != UNDER_WAY) {
            return false;
        }
        boolean isSilent = now - startedAt >= SILENCE_NANOS;
        if (now - deadline >= 0 || isSilent && peer.hasEnded(now)) {
            giveUp();
            return true;
        }
        if (now - sendAgainAt < 0) {
            return false;
        }
        if (attempt > 0) {
            rpc.countResent();
        }
        if (!send(now)) {
            status = Status.TOO_LARGE;
            end();
        }
        return true;
    }

    private void giveUp() {
        rpc.countTimedOut();
        status = Status.TIMED_OUT;
        end();
    }

    /** Waits no more if it is {@code server} that it means. By the thread that polls. */
    void giveUpOn(long server) {
        if (state == UNDER_WAY && target == server) {
            giveUp();
        }
    }

    /** Whether it has begun and its result is not known. Threads: any. */
    boolean isUnderWay() {
        int current = state;
        return current == SENDING || current == UNDER_WAY;
    }

    /** How long until {@link #advance} does something; the largest number while nothing is due. */
    long nanosToNext(long now) {
        return switch (state) {
            case UNDER_WAY -> Math.min(deadline - now, sendAgainAt - now);
            case ARRIVED -> 0;
            default -> Long.MAX_VALUE;
        };
    }

    /** Whether {@code call} is this request and not one before it. By the thread that polls. */
    boolean expects(long call) {
        int current = state;
        return (current == UNDER_WAY || current == SENDING) && call == id;
    }

    /** Takes the reply, and ends unless it is being sent. By the thread that polls. */
    void replied(MemorySegment memory, long offset, int length) {
        replyLength = length;
        answer.wrap(reply.atLeast(length), 0, length);
        MemorySegment.copy(memory, offset, reply.memory(), 0, length);
        messageHeader.wrap(answer, 0);
        replyHeader.wrap(answer, BODY);
        status = statusOf(replyHeader);
        answered = true;
        if (isRefusal()) {
            refusal.wrap(answer, BODY, messageHeader.blockLength(), messageHeader.version());
            owner = refusal.owner();
            epoch = refusal.epoch();
        }
        if (state == UNDER_WAY || !STATE.compareAndSet(this, SENDING, OVERTAKEN)) {
            end();
        }
    }

    private static Status statusOf(ReplyHeaderDecoder header) {
        Status status = header.status();
        if (status == Status.NULL_VAL) {
            return Status.SBE_UNKNOWN;
        }
        boolean retriable = header.statusRaw() >= WITHOUT_EFFECT_MIN;
        return status == Status.SBE_UNKNOWN && retriable ? Status.RETRY_LATER : status;
    }

    private void end() {
        Completion told = completion;
        state = DONE;
        rpc.wake(this);
        try {
            told.done(this);
        } catch (RuntimeException e) {
            rpc.completionFailed(e);
        }
    }

    private boolean isIdle() {
        int current = state;
        return current == IDLE || current == DONE;
    }

    private boolean isRefusal() {
        return answered && messageHeader.templateId() == RefusalDecoder.TEMPLATE_ID;
    }

    @Override
    public boolean isDone() {
        return state == DONE;
    }

    /**
     * How it ended. What a newer process says and this version does not know is RETRY_LATER where
     * the number means that the request had no effect (50 and more), and else SBE_UNKNOWN: a final
     * answer that cannot be understood here.
     */
    public Status status() {
        assert isDone();
        return status;
    }

    /** Whether the reply is the one that belongs to the request, and not a refusal or nothing. */
    public boolean hasReply() {
        return answered && !isRefusal();
    }

    /**
     * The reply and no more, but for {@link #putBesideReply}; its own fields begin at {@link
     * #replyOffset}.
     */
    public DirectBuffer reply() {
        assert isDone();
        return answer;
    }

    /**
     * Puts {@code length} bytes of {@code memory} behind the reply, over what was put there before:
     * for what is to be seen beside it. {@link #replyMemory} may be another one afterwards.
     *
     * @return where they begin
     */
    public int putBesideReply(MemorySegment memory, long offset, int length) {
        assert isDone();
        answer.wrap(reply.atLeast(replyLength + length), 0, replyLength + length);
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
        return answered ? replyHeader.retryMicros() * 1_000L : 0;
    }

    /** Who answered; 0 when that is no server. */
    public long server() {
        return answered ? replyHeader.server() : 0;
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
        return isRefusal() ? refusal.sbeRewind().text() : "";
    }

    /** Whether the last request was sent at all, so that somebody may have served it. */
    public boolean wasSent() {
        return attempt > 0;
    }

    /**
     * Whether the last request was sent more than once. If it was not, a refusal says that it had
     * no effect, although the network may have brought it twice: the other side serves only one of
     * the two ({@link Copies}).
     */
    public boolean wasSentAgain() {
        return attempt > 1;
    }

    /** Gives it back; it must not be under way. */
    public void close() {
        assert isIdle();
        rpc.ended(this, slot);
    }
}
