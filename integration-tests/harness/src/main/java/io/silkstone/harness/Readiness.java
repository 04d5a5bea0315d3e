package io.silkstone.harness;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Waits until a server serves. */
final class Readiness {
    private static final long RETRY_MILLIS = 20;

    private Readiness() {}

    /** Whether a server can be used now. */
    @FunctionalInterface
    interface Sign {
        boolean isGiven() throws IOException;
    }

    /**
     * Returns when {@code sign} is given.
     *
     * @throws IOException when the process has ended or the time is over
     */
    static void await(String name, Process process, Sign sign, Duration limit)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!sign.isGiven()) {
            if (process.waitFor(RETRY_MILLIS, TimeUnit.MILLISECONDS)) {
                throw new IOException(name + " ended with status " + process.exitValue());
            }
            if (System.nanoTime() - deadline > 0) {
                throw new IOException(
                        name + " did not answer within " + limit.toSeconds() + " seconds");
            }
        }
    }

    /** Whether {@code port} answers PING. */
    static boolean answers(int port) {
        try (RespConnection connection = new RespConnection(port)) {
            Object reply = connection.call("PING");
            // A server that wants a password first is ready, too.
            return "PONG".equals(reply)
                    || reply instanceof RespConnection.Failure failure
                            && failure.message().startsWith("NOAUTH");
        } catch (IOException e) {
            // Not listening yet.
            return false;
        }
    }
}
