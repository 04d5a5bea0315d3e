package io.silkstone.transport.aeron;

import io.aeron.ExclusivePublication;
import io.aeron.exceptions.AeronException;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** The side of a session that calls: picks the way, makes the streams and says {@link Hello}. */
final class Caller extends AeronSession {
    static final int WELCOME_LENGTH = Long.BYTES + Integer.BYTES;

    private static final long HELLO_INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /** How often it looks whether there is a way yet: the peer's driver may be about to start. */
    private static final long CALL_INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final PeerAddress address;
    private final String text;
    private final long deadlineNanos;
    private Hello hello;
    private long hellosId;
    private ExclusivePublication hellos;
    private long nextHelloNanos;
    private int welcomedBytesMax;

    Caller(
            AeronTransport transport,
            String text,
            PeerAddress address,
            long key,
            int messageBytesMax,
            long nowNanos,
            long timeoutNanos) {
        super(transport, key, messageBytesMax);
        this.address = address;
        this.text = text;
        deadlineNanos = nowNanos + timeoutNanos;
        nextHelloNanos = nowNanos;
    }

    @Override
    public String peer() {
        return text;
    }

    PeerAddress address() {
        return address;
    }

    /** Asks for the streams, over shared memory. */
    void callOverIpc(DriverClient client, AeronOptions options, Hello greeting) {
        hello = greeting;
        addStreams(
                client,
                false,
                Channels.ipcOut(options, hello.outSession()),
                hello.outStream(),
                Channels.ipcIn(hello.backSession()),
                hello.backStream());
        hellosId = client.addOwnPublication(Channels.ipcHello(), Hello.STREAM);
    }

    /** Asks for the streams, over UDP. */
    void callOverUdp(DriverClient client, AeronOptions options, Hello greeting, String endpoint) {
        hello = greeting;
        addStreams(
                client,
                true,
                Channels.udpOut(options, address, hello.outSession()),
                hello.outStream(),
                Channels.udpIn(endpoint, hello.backSession()),
                hello.backStream());
        hellosId = client.addOwnPublication(Channels.udpHello(address), Hello.STREAM);
    }

    @Override
    void advance(long nowNanos) {
        if (nowNanos - deadlineNanos >= 0) {
            transport.retire(this);
        } else if (hello == null) {
            if (nowNanos - nextHelloNanos >= 0) {
                nextHelloNanos = nowNanos + CALL_INTERVAL_NANOS;
                transport.call(this);
            }
        } else if (hasStreams()) {
            if (welcomedBytesMax == 0) {
                sayHello(nowNanos);
            } else if (isConnected()) {
                endHellos();
                open(welcomedBytesMax);
            }
        }
    }

    private void sayHello(long nowNanos) {
        if (hellos == null) {
            hellos = client().ownPublication(hellosId);
        }
        if (hellos != null && nowNanos - nextHelloNanos >= 0 && hellos.isConnected()) {
            UnsafeBuffer body = transport.control();
            int length = hello.encode(body);
            if (hellos.offer(body, 0, length) > 0) {
                nextHelloNanos = nowNanos + HELLO_INTERVAL_NANOS;
            }
        }
    }

    @Override
    void onWelcome(DirectBuffer buffer, int offset, int length) {
        if (length < WELCOME_LENGTH
                || buffer.getLong(offset) != key
                || buffer.getInt(offset + Long.BYTES) <= 0) {
            transport.counters.strangers.increment();
        } else {
            welcomedBytesMax = buffer.getInt(offset + Long.BYTES);
        }
    }

    @Override
    boolean awaitsWelcome() {
        return welcomedBytesMax == 0;
    }

    @Override
    boolean isOfCaller() {
        return true;
    }

    @Override
    boolean release() {
        endHellos();
        return super.release();
    }

    private void endHellos() {
        if (hello == null || client().isDead()) {
            return;
        }
        try {
            if (hellos != null) {
                hellos.close();
            } else if (hellosId != 0) {
                client().abandonPublication(hellosId);
            }
        } catch (AeronException e) {
            transport.onError(e);
        }
        hellos = null;
        hellosId = 0;
    }
}
