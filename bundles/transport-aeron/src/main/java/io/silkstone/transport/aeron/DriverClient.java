package io.silkstone.transport.aeron;

import io.aeron.Aeron;
import io.aeron.AeronCounters;
import io.aeron.CommonContext;
import io.aeron.ConcurrentPublication;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.exceptions.AeronException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentTerminationException;
import org.agrona.concurrent.NoOpLock;
import org.agrona.concurrent.status.CountersReader;

/**
 * An Aeron client of one driver, own or a neighbour's, driven by the thread that polls. All
 * additions are asynchronous: nothing here waits for the driver.
 *
 * <p>When the client ends by itself, because it or its driver stalled for too long, its streams
 * stay mapped until {@link #close}: a thread may be within one. Sessions hold on to it by {@link
 * #acquire} until no sender of theirs can be.
 */
final class DriverClient {
    private static final int KEEP_ALIVES_PER_TIMEOUT = 4;
    private static final long KEEP_ALIVE_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(500);

    private final Aeron aeron;
    private final Agent conductor;
    private final ErrorHandler errors;
    private final Path driver;
    private int sessions;
    private boolean dead;

    /**
     * Attaches to the driver in {@code driver}.
     *
     * @throws AeronException when that cannot be done
     */
    DriverClient(Path driver, AeronOptions options, ErrorHandler errors) {
        this.driver = driver;
        this.errors = errors;
        long livenessNanos = options.livenessTimeoutNanos();
        aeron =
                Aeron.connect(
                        new Aeron.Context()
                                .aeronDirectoryName(driver.toString())
                                .useConductorAgentInvoker(true)
                                .clientLock(NoOpLock.INSTANCE)
                                .driverTimeoutMs(TimeUnit.NANOSECONDS.toMillis(livenessNanos))
                                .keepAliveIntervalNs(
                                        Math.min(
                                                KEEP_ALIVE_NANOS_MAX,
                                                livenessNanos / KEEP_ALIVES_PER_TIMEOUT))
                                .errorHandler(errors)
                                .subscriberErrorHandler(errors));
        conductor = aeron.conductorAgentInvoker().agent();
    }

    /** Whether a driver in {@code driver} shows life, so that attaching to it does not wait. */
    static boolean isActive(Path driver, AeronOptions options) {
        try {
            return CommonContext.isDriverActive(
                    driver.toFile(),
                    TimeUnit.NANOSECONDS.toMillis(options.livenessTimeoutNanos()),
                    message -> {});
        } catch (AeronException | IllegalStateException | IllegalArgumentException noDriver) {
            return false;
        }
    }

    Path driver() {
        return driver;
    }

    /** Does what the client has to do; 0 when that was nothing. */
    int doWork() {
        if (dead) {
            return 0;
        }
        // Not through the invoker: when the conductor ends, that one unmaps the streams at once.
        try {
            return conductor.doWork();
        } catch (AgentTerminationException end) {
            dead = true;
        } catch (AeronException timeout) {
            // The conductor terminates after these; whether it has, its next cycle says.
            errors.onError(timeout);
        } catch (Exception e) {
            dead = true;
            errors.onError(e);
        }
        return 1;
    }

    /** Whether it has ended by itself. */
    boolean isDead() {
        return dead || aeron.isClosed();
    }

    /** Asks for a publication that any thread may use. */
    long addPublication(String channel, int stream) {
        return aeron.asyncAddPublication(channel, stream);
    }

    /** Asks for a publication that the polling thread has for itself. */
    long addOwnPublication(String channel, int stream) {
        return aeron.asyncAddExclusivePublication(channel, stream);
    }

    /** Asks for a subscription. */
    long addSubscription(String channel, int stream) {
        return aeron.asyncAddSubscription(channel, stream);
    }

    /** The publication, or null while the driver works on it. */
    ConcurrentPublication publication(long id) {
        return aeron.getPublication(id);
    }

    /** The publication, or null while the driver works on it. */
    ExclusivePublication ownPublication(long id) {
        return aeron.getExclusivePublication(id);
    }

    /** The subscription, or null while the driver works on it. */
    Subscription subscription(long id) {
        return aeron.getSubscription(id);
    }

    /** Gives up a publication that has not come yet. */
    void abandonPublication(long id) {
        aeron.asyncRemovePublication(id);
    }

    /** Gives up a subscription that has not come yet. */
    void abandonSubscription(long id) {
        aeron.asyncRemoveSubscription(id);
    }

    /** Whether what was offered to a publication over UDP has gone into the network. */
    boolean hasSent(ConcurrentPublication publication) {
        CountersReader counters = aeron.countersReader();
        int sender =
                counters.findByTypeIdAndRegistrationId(
                        AeronCounters.DRIVER_SENDER_POSITION_TYPE_ID,
                        publication.originalRegistrationId());
        return sender == CountersReader.NULL_COUNTER_ID
                || counters.getCounterValue(sender) >= publication.position();
    }

    /** A session begins to use it. */
    void acquire() {
        sessions++;
    }

    /** A session uses it no more. */
    void release() {
        sessions--;
    }

    /** Whether sessions use it. */
    boolean isUsed() {
        return sessions > 0;
    }

    /** Lets go of the driver. Nothing of it may be used afterwards. */
    void close() {
        dead = true;
        aeron.close();
    }
}
