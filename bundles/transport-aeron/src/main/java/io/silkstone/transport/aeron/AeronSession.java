package io.silkstone.transport.aeron;

import io.aeron.ConcurrentPublication;
import io.aeron.Image;
import io.aeron.ImageControlledFragmentAssembler;
import io.aeron.Publication;
import io.aeron.ReservedValueSupplier;
import io.aeron.Subscription;
import io.aeron.exceptions.AeronException;
import io.aeron.logbuffer.ControlledFragmentHandler;
import io.aeron.logbuffer.Header;
import io.silkstone.api.transport.Session;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One side of a session: a publication towards the peer and a subscription with what comes from it,
 * both of one driver. {@link Caller} and {@link Callee} say how the two sides come together.
 *
 * <p>Threads: what {@link Session} has may be called by any; everything else is for the one that
 * polls.
 */
abstract class AeronSession implements Session {
    /** All memory, from address 0 on: what offsets of received messages count from. */
    @SuppressWarnings("restricted")
    static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final int FRAGMENTS_PER_POLL_MAX = 256;

    /** Aeron says this when a term has just ended; the next try meets the new term. */
    private static final int ADMIN_ACTIONS_MAX = 3;

    private static final long NONE = 0;

    final AeronTransport transport;
    final long key;
    private final AtomicReference<State> state = new AtomicReference<>(State.CONNECTING);
    private final SendSlots slots = new SendSlots();
    private final LargeOutbox outbox = new LargeOutbox();
    private final LargeInbox inbox;
    private final ControlledFragmentHandler onFrame = this::onFrame;
    private final ControlledFragmentHandler assembler =
            new ImageControlledFragmentAssembler(this::onWhole, 0, true);

    private volatile int messageBytesMax;

    /** Written before the state becomes OPEN, read after that was seen. */
    private ConcurrentPublication publication;

    private int wholeBytesMax;
    private DriverClient client;
    private Subscription subscription;
    private Image image;
    private long publicationId = NONE;
    private long subscriptionId = NONE;
    private ProcessHandle process;
    private boolean overUdp;
    private boolean hasStreams;
    private boolean wasOpen;
    private boolean peerGone;
    private boolean retired;
    private boolean goodbyeDue;

    AeronSession(AeronTransport transport, long key, int messageBytesMax) {
        this.transport = transport;
        this.key = key;
        this.messageBytesMax = messageBytesMax;
        inbox = new LargeInbox(messageBytesMax);
    }

    @Override
    public final State state() {
        return state.get();
    }

    @Override
    public final int messageBytesMax() {
        return messageBytesMax;
    }

    @Override
    public final Sent send(MemorySegment memory, long offset, int length) {
        if (length < 0 || length > messageBytesMax) {
            throw new IllegalArgumentException(
                    "A message of "
                            + length
                            + " bytes; this session takes at most "
                            + messageBytesMax);
        }
        Objects.checkFromIndexSize(offset, length, memory.byteSize());
        State now = state.get();
        Sent sent = Sent.FULL;
        if (now == State.OPEN) {
            SendSlots.Slot slot = slots.acquire();
            if (slot != null) {
                try {
                    sent = send(slot, memory, offset, length);
                } finally {
                    slots.release(slot);
                }
            }
        }
        if (sent == Sent.SENT) {
            transport.counters.sent(length);
        } else if (sent == Sent.CLOSED || state.get() == State.CLOSED) {
            close();
            return Sent.CLOSED;
        } else {
            transport.counters.backPressure.increment();
        }
        return sent;
    }

    private Sent send(SendSlots.Slot slot, MemorySegment memory, long offset, int length) {
        if (length > wholeBytesMax) {
            return outbox.take(memory, offset, length, messageBytesMax) ? Sent.SENT : Sent.FULL;
        }
        if (outbox.isBusy()) {
            return Sent.FULL;
        }
        UnsafeBuffer message = slot.wrap(memory, offset, length);
        long position = publication.offer(message, 0, length);
        for (int tries = 0;
                position == Publication.ADMIN_ACTION && tries < ADMIN_ACTIONS_MAX;
                tries++) {
            position = publication.offer(message, 0, length);
        }
        if (position > 0) {
            return Sent.SENT;
        }
        return position == Publication.CLOSED || position == Publication.MAX_POSITION_EXCEEDED
                ? Sent.CLOSED
                : Sent.FULL;
    }

    @Override
    public final void close() {
        if (state.getAndSet(State.CLOSED) != State.CLOSED) {
            transport.closedByCaller(this);
        }
    }

    /** Goes on with the handshake. */
    abstract void advance(long nowNanos);

    /** A frame that is no message has come. */
    abstract void onWelcome(DirectBuffer buffer, int offset, int length);

    /** Whether the peer's first frame is still to come. */
    abstract boolean awaitsWelcome();

    /** Whether this side opened it. */
    abstract boolean isOfCaller();

    /** Asks {@code driver} for both streams. */
    final void addStreams(
            DriverClient driver,
            boolean udp,
            String outChannel,
            int outStream,
            String backChannel,
            int backStream) {
        client = driver;
        overUdp = udp;
        driver.acquire();
        subscriptionId = driver.addSubscription(backChannel, backStream);
        publicationId = driver.addPublication(outChannel, outStream);
    }

    /** Whether it goes by UDP. */
    final boolean isOverUdp() {
        return overUdp;
    }

    /** The client whose streams it uses, null before that is known. */
    final DriverClient client() {
        return client;
    }

    /**
     * Whether both streams are there.
     *
     * @throws AeronException when the driver refused
     */
    final boolean hasStreams() {
        if (hasStreams) {
            return true;
        }
        if (client == null) {
            return false;
        }
        if (subscription == null) {
            subscription = client.subscription(subscriptionId);
        }
        if (publication == null) {
            publication = client.publication(publicationId);
        }
        hasStreams = subscription != null && publication != null;
        return hasStreams;
    }

    /** Whether the peer listens at the other end of the publication, and made room. */
    final boolean isConnected() {
        return hasStreams() && publication.isConnected() && publication.availableWindow() > 0;
    }

    /** Sends a frame that is no message; false if there is no room now. */
    final boolean sendControl(DirectBuffer body, int length, ReservedValueSupplier mark) {
        return publication.offer(body, 0, length, mark) > 0;
    }

    /** Lets messages through. */
    final void open(int peerMessageBytesMax) {
        messageBytesMax = Math.min(messageBytesMax, peerMessageBytesMax);
        wholeBytesMax = publication.maxMessageLength();
        if (state.compareAndSet(State.CONNECTING, State.OPEN)) {
            wasOpen = true;
            transport.counters.opened.increment();
        }
    }

    /** Whether the handler may know of it. */
    final boolean isKnown() {
        return wasOpen || isOfCaller();
    }

    /** Whether there may be something for {@link #receive}. */
    final boolean isReceiving() {
        return state.get() == State.OPEN || hasStreams && awaitsWelcome();
    }

    /** Watches a process whose end is the session's. */
    final void watch(ProcessHandle peer) {
        process = peer.pid() == ProcessHandle.current().pid() ? null : peer;
    }

    /** Whether the peer's process has died, or its stream has ended. */
    final boolean isPeerDead() {
        return process != null && !process.isAlive();
    }

    /**
     * Hands on what has come.
     *
     * @return how much was done
     */
    final int receive() {
        if (image == null) {
            if (subscription.imageCount() == 0) {
                return 0;
            }
            image = subscription.imageAtIndex(0);
        }
        int fragments = image.controlledPoll(onFrame, FRAGMENTS_PER_POLL_MAX);
        if (outbox.isBusy()) {
            fragments += outbox.flush(publication);
        }
        return fragments;
    }

    /** Whether nothing will come any more, and everything that came was handed on. */
    final boolean hasEnded() {
        return peerGone
                || image != null && (image.isClosed() || image.isEndOfStream())
                || client != null && client.isDead();
    }

    /** Whether anything of the peer is there. */
    final boolean hasImage() {
        return image != null;
    }

    private ControlledFragmentHandler.Action onFrame(
            DirectBuffer buffer, int offset, int length, Header header) {
        long mark = header.reservedValue();
        if (mark == 0 && !awaitsWelcome()) {
            return assembler.onFragment(buffer, offset, length, header);
        }
        switch (ControlFrame.kind(mark)) {
            case ControlFrame.WELCOME -> {
                onWelcome(buffer, offset, length);
                // Messages may follow at once; they wait until this side can answer them.
                return ControlledFragmentHandler.Action.BREAK;
            }
            case ControlFrame.BYE -> {
                peerGone = true;
                return ControlledFragmentHandler.Action.BREAK;
            }
            case ControlFrame.PART -> {
                return onPart(ControlFrame.argument(mark), buffer.addressOffset() + offset, length);
            }
            default -> transport.counters.strangers.increment();
        }
        return ControlledFragmentHandler.Action.CONTINUE;
    }

    private ControlledFragmentHandler.Action onPart(int total, long address, int length) {
        if (!inbox.add(total, address, length)) {
            transport.counters.strangers.increment();
            peerGone = true;
            return ControlledFragmentHandler.Action.BREAK;
        }
        if (!inbox.isComplete()) {
            return ControlledFragmentHandler.Action.CONTINUE;
        }
        return transport.deliver(this, inbox.address(), inbox.clear());
    }

    private ControlledFragmentHandler.Action onWhole(
            DirectBuffer buffer, int offset, int length, Header header) {
        long address = buffer.addressOffset() + offset;
        // Aeron's frames are aligned to 32 bytes, and what its assembler allocates to 16.
        assert address % Long.BYTES == 0 : address;
        return transport.deliver(this, address, length);
    }

    /** Closes it for the caller and the peer; {@link #release} does the rest. True once. */
    final boolean retire(UnsafeBuffer empty) {
        state.set(State.CLOSED);
        if (retired) {
            return false;
        }
        retired = true;
        goodbyeDue = publication != null && !peerGone;
        sayGoodbye(empty);
        return true;
    }

    /** Tells the peer unless it knows; nothing when there is no room for that now. */
    final void sayGoodbye(UnsafeBuffer empty) {
        if (goodbyeDue && !client.isDead()) {
            goodbyeDue = !sendControl(empty, 0, ControlFrame.BYE_MARK);
        }
    }

    /** Whether the driver may be closed without leaving the peer in the dark. */
    final boolean hasSaidGoodbye() {
        return publication == null
                || peerGone
                || client.isDead()
                || !publication.isConnected()
                || !goodbyeDue && client.hasSent(publication);
    }

    /**
     * Gives the streams back once no sender is inside.
     *
     * @return whether that is done
     */
    boolean release() {
        if (!slots.drain()) {
            return false;
        }
        if (client == null) {
            return true;
        }
        if (!client.isDead()) {
            try {
                closeStreams();
            } catch (AeronException e) {
                transport.onError(e);
            }
        }
        client.release();
        return true;
    }

    private void closeStreams() {
        if (publication != null) {
            publication.close();
        } else if (publicationId != NONE) {
            client.abandonPublication(publicationId);
        }
        if (subscription != null) {
            subscription.close();
        } else if (subscriptionId != NONE) {
            client.abandonSubscription(subscriptionId);
        }
    }
}
