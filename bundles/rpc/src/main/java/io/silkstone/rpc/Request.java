package io.silkstone.rpc;

import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Session.Sent;
import io.silkstone.rpc.messages.DoneEncoder;
import io.silkstone.rpc.messages.MessageHeaderDecoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Priority;
import io.silkstone.rpc.messages.RefusalEncoder;
import io.silkstone.rpc.messages.ReplyHeaderEncoder;
import io.silkstone.rpc.messages.RequestHeaderDecoder;
import io.silkstone.rpc.messages.Status;
import java.lang.foreign.MemorySegment;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A request of another process, where it lies, and the way to answer it. Valid until {@link
 * Service#serve} returns, or longer by {@link #keep}. To answer, encode a reply into {@link #reply}
 * with its status in its header, and {@link #send} it; or call one of the methods that do both.
 * Threads: one at a time.
 */
public final class Request {
    /** Length of a refusal without text. */
    private static final int REFUSAL_BYTES =
            Call.BODY + RefusalEncoder.BLOCK_LENGTH + RefusalEncoder.textHeaderLength();

    private final Rpc rpc;
    private final UnsafeBuffer message = new UnsafeBuffer(0, 0);
    private final MessageHeaderDecoder messageHeader = new MessageHeaderDecoder();
    private final RequestHeaderDecoder header = new RequestHeaderDecoder();
    private WireBuffer reply = new WireBuffer();
    private final ReplyHeaderEncoder replyHeader = new ReplyHeaderEncoder();
    private final MessageHeaderEncoder replyMessageHeader = new MessageHeaderEncoder();
    private final RefusalEncoder refusal = new RefusalEncoder();
    private final DoneEncoder done = new DoneEncoder();

    /** The message, when it has to stay longer than the transport's memory. */
    private WireBuffer kept;

    private MemorySegment memory = MemorySegment.NULL;
    private long memoryOffset;
    private Session session;
    private long call;
    private long deadline;
    private boolean answered;

    Request(Rpc rpc) {
        this.rpc = rpc;
    }

    /**
     * Begins a request, as far as its header goes.
     *
     * @throws IndexOutOfBoundsException when the message is too short for that
     */
    void wrap(Session session, MemorySegment memory, long offset, int length, long now) {
        message.wrap(memory.address() + offset, length);
        this.memory = memory;
        memoryOffset = offset;
        this.session = session;
        readHeader(now);
    }

    private void readHeader(long now) {
        messageHeader.wrap(message, 0);
        header.wrap(message, Call.BODY);
        call = header.call();
        deadline = now + header.timeoutMicros() * 1_000L;
        answered = false;
    }

    /** A copy of {@code other} that owns its message. */
    Request copy(Request other) {
        if (kept == null) {
            kept = new WireBuffer();
        }
        int length = other.message.capacity();
        kept.atLeast(length).putBytes(0, other.message, 0, length);
        message.wrap(kept.buffer(), 0, length);
        memory = kept.memory();
        memoryOffset = 0;
        session = other.session;
        readHeader(0);
        deadline = other.deadline;
        return this;
    }

    /** Which kind of message it is. */
    public int templateId() {
        return messageHeader.templateId();
    }

    /** The message; its own fields begin at {@link #offset}. Just as long as it was sent. */
    public DirectBuffer buffer() {
        return message;
    }

    /** The memory that {@link #buffer} lies in, from {@link #memoryOffset} on. */
    public MemorySegment memory() {
        return memory;
    }

    /** Where in {@link #memory} the message begins. */
    public long memoryOffset() {
        return memoryOffset;
    }

    /** Where its fields begin. */
    public int offset() {
        return Call.BODY;
    }

    /** Length of its block, for decoders. */
    public int blockLength() {
        return messageHeader.blockLength();
    }

    /** Version of the schema that it was written with, for decoders. */
    public int version() {
        return messageHeader.version();
    }

    /** The caller's number of it. */
    long call() {
        return call;
    }

    /** How often the caller has sent it before. */
    int attempt() {
        return header.attempt();
    }

    long target() {
        return header.target();
    }

    long cluster() {
        return header.cluster();
    }

    /** Whose turn it is; NORMAL where a newer version says something else. */
    Priority priority() {
        short raw = header.priorityRaw();
        return raw == Priority.HIGH.value()
                ? Priority.HIGH
                : raw == Priority.LOW.value() ? Priority.LOW : Priority.NORMAL;
    }

    /** When the caller gives up, by the clock of this process. */
    public long deadline() {
        return deadline;
    }

    /** The caller's address, or what else the transport tells people of it. */
    public String caller() {
        return session.peer();
    }

    /** Where to encode the reply, message header first; {@code bytes} are certainly there. */
    public MutableDirectBuffer reply(int bytes) {
        // Most replies have no advice, and would show that of the one before.
        replyHeader.wrap(reply.atLeast(bytes), Call.BODY).retryMicros(0);
        return reply.buffer();
    }

    /** The memory of {@link #reply}, byte for byte, until it grows. */
    public MemorySegment replyMemory() {
        return reply.memory();
    }

    /**
     * Sends the {@code length} bytes of the reply, whose header's status is set. If it is longer
     * than the session takes the answer is TOO_LARGE instead.
     */
    public void send(int length) {
        assert !answered;
        answered = true;
        replyHeader.wrap(reply.buffer(), Call.BODY).call(call).server(rpc.server());
        Sent sent;
        try {
            sent = length > rpc.messageBytesMax() ? null : session.send(reply.memory(), 0, length);
        } catch (IllegalArgumentException e) {
            sent = null;
        }
        if (sent == null && length > REFUSAL_BYTES) {
            answered = false;
            refuse(Status.TOO_LARGE);
        } else if (sent == Sent.FULL) {
            rpc.sendLater(session, reply.memory(), length, deadline);
        } else if (sent != Sent.SENT) {
            rpc.countDropped();
        }
    }

    /**
     * As {@link #send}, but the reply leaves by {@link HeldReply#send} of {@code held}, or never.
     * One that is longer than a message may be is refused at once.
     *
     * @return whether {@code held} has it
     */
    public boolean hold(int length, HeldReply held) {
        assert !answered;
        if (length > rpc.messageBytesMax()) {
            refuse(Status.TOO_LARGE);
            return false;
        }
        answered = true;
        replyHeader.wrap(reply.buffer(), Call.BODY).call(call).server(rpc.server());
        reply = held.take(reply, session, deadline, length);
        return true;
    }

    /** Answers OK with {@code number}. */
    public void done(long number) {
        reply.atLeast(Call.BODY + DoneEncoder.BLOCK_LENGTH);
        done.wrapAndApplyHeader(reply.buffer(), 0, replyMessageHeader).number(number);
        done.header().status(Status.OK).retryMicros(0);
        send(Call.BODY + done.encodedLength());
    }

    /** Answers with {@code status}, and nothing to say about it. */
    public void refuse(Status status) {
        refuse(status, 0, "");
    }

    /**
     * Answers with {@code status}.
     *
     * @param retryNanos when to try again, 0 for as the caller likes
     * @param text a sentence for people, at most some hundred characters
     */
    public void refuse(Status status, long retryNanos, String text) {
        refuse(status, retryNanos, text, 0, 0);
    }

    /** Answers that {@code owner}, 0 if that is not known, has it since {@code epoch}. */
    public void moved(long owner, long epoch) {
        refuse(Status.MOVED, 0, "", owner, epoch);
    }

    private void refuse(Status status, long retryNanos, String text, long owner, long epoch) {
        reply.atLeast(REFUSAL_BYTES + 4 * text.length());
        refusal.wrapAndApplyHeader(reply.buffer(), 0, replyMessageHeader);
        refusal.header().status(status).retryMicros(retryNanos / 1_000);
        refusal.owner(owner).epoch(epoch);
        if (text.isEmpty()) {
            refusal.putText(message, 0, 0);
        } else {
            refusal.text(text);
        }
        send(Call.BODY + refusal.encodedLength());
    }

    /** Gives back memory that a long message needed. */
    void trim() {
        kept.trim();
        reply.trim();
    }

    /** Whether it has its answer, or will have it from whoever {@link #keep}s it. */
    public boolean isAnswered() {
        return answered;
    }

    /**
     * Takes the request out of the hands of the thread that polls: what is returned can be answered
     * by any thread at any time, and this one counts as answered. Allocates: for requests that wait
     * for something, on paths that are not hot.
     */
    public Request keep() {
        return keep(null);
    }

    /**
     * As the other, in the place of one that was kept before, and answered: its memory is used
     * again, so that nothing is allocated for requests that are no longer than it was.
     *
     * @param spare null for none
     */
    public Request keep(Request spare) {
        answered = true;
        return (spare == null ? new Request(rpc) : spare).copy(this);
    }
}
