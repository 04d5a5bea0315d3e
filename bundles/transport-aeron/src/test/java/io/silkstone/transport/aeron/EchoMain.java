package io.silkstone.transport.aeron;

import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.base.Metrics;
import io.silkstone.base.NanoClock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * A process that is there to be killed: answers what it receives with the same, calls an address if
 * it is given one, and ends with its standard input.
 */
final class EchoMain implements MessageHandler {
    private EchoMain() {}

    /** Arguments: directory, path, liveness in nanoseconds, and maybe an address to call. */
    public static void main(String[] arguments) {
        AeronOptions options =
                AeronOptions.defaults().toBuilder()
                        .directory(Path.of(arguments[0]))
                        .path(AeronOptions.Route.valueOf(arguments[1]))
                        .livenessTimeoutNanos(Long.parseLong(arguments[2]))
                        .termBytes(1 << 20)
                        .port(0)
                        .build();
        Thread.ofPlatform().daemon().start(EchoMain::endWithInput);
        EchoMain echo = new EchoMain();
        try (AeronTransport transport =
                new AeronTransport(
                        options, NanoClock.SYSTEM, new SplittableRandom(), new Metrics())) {
            System.out.println(transport.address());
            Session session = arguments.length > 3 ? transport.connect(arguments[3]) : null;
            while (true) {
                if (session != null && session.state() == Session.State.OPEN) {
                    Mailbox.send(session, "alive");
                    session = null;
                }
                if (transport.poll(echo, 64) == 0) {
                    Thread.yield();
                }
            }
        }
    }

    private static void endWithInput() {
        try {
            while (System.in.read() >= 0) {
                Thread.yield();
            }
        } catch (IOException closed) {
            System.err.println(closed);
        }
        Runtime.getRuntime().halt(0);
    }

    @Override
    public void onMessage(Session session, MemorySegment memory, long offset, int length) {
        session.send(memory, offset, length);
    }

    @Override
    public void onClosed(Session session) {}
}
