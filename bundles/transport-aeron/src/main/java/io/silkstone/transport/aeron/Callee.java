package io.silkstone.transport.aeron;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The side of a session that was called: makes its ends of the streams that the {@link Hello}
 * names, and says welcome as soon as the caller hears it.
 */
final class Callee extends AeronSession {
    private final Hello hello;
    private final String peer;
    private final long deadlineNanos;

    Callee(AeronTransport transport, Hello hello, int messageBytesMax, long deadlineNanos) {
        super(transport, hello.key(), messageBytesMax);
        this.hello = hello;
        this.deadlineNanos = deadlineNanos;
        peer = hello.name();
    }

    @Override
    public String peer() {
        return peer;
    }

    /** Asks for the streams, over shared memory. */
    void answerOverIpc(DriverClient client, AeronOptions options) {
        hello.process().find().ifPresent(this::watch);
        addStreams(
                client,
                false,
                Channels.ipcOut(options, hello.backSession()),
                hello.backStream(),
                Channels.ipcIn(hello.outSession()),
                hello.outStream());
    }

    /** Asks for the streams, over UDP. */
    void answerOverUdp(
            DriverClient client, AeronOptions options, PeerAddress caller, String endpoint) {
        addStreams(
                client,
                true,
                Channels.udpOut(options, caller, hello.backSession()),
                hello.backStream(),
                Channels.udpIn(endpoint, hello.outSession()),
                hello.outStream());
    }

    @Override
    void advance(long nowNanos) {
        if (state() == State.CONNECTING && isConnected()) {
            UnsafeBuffer body = transport.control();
            body.putLong(0, key);
            body.putInt(Long.BYTES, messageBytesMax());
            if (sendControl(body, Caller.WELCOME_LENGTH, ControlFrame.WELCOME_MARK)) {
                open(hello.messageBytesMax());
            }
        }
        if (!hasImage() && nowNanos - deadlineNanos >= 0) {
            transport.retire(this);
        }
    }

    @Override
    void onWelcome(DirectBuffer buffer, int offset, int length) {
        transport.counters.strangers.increment();
    }

    @Override
    boolean awaitsWelcome() {
        return false;
    }

    @Override
    boolean isOfCaller() {
        return false;
    }
}
