package io.silkstone.transport.aeron;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.transport.MessageHandler;
import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Transport;
import io.silkstone.base.Checks;
import io.silkstone.base.NanoClock;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SplittableRandom;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/**
 * Publishes one {@link AeronTransport}, which begins when somebody takes it and ends when nobody
 * has it any more: a node that is alone has no driver. A new configuration makes a new transport,
 * for nothing can change in one whose address others know.
 *
 * <p>What goes through here is a call for each poll; messages meet no wrapper, since sessions and
 * handlers are the transport's own.
 */
@Component(
        name = "io.silkstone.transport-aeron.transport",
        property = {"silkstone.kind=transport", "silkstone.name=aeron"})
@Designate(ocd = AeronTransportComponent.Config.class)
public final class AeronTransportComponent implements Transport {
    private static final String PORT_BASE = "silkstone.port.base";
    private static final String PORT_BASE_DEFAULT = "7600";
    private static final int PORT_OFFSET = 100;
    private static final int PORT_OF_NODE = -1;

    private final AeronTransport transport;

    /** Settings of the Aeron transport. */
    @ObjectClassDefinition(name = "Silkstone transport: Aeron")
    @interface Config {
        /** Where files lie. */
        @AttributeDefinition(
                description =
                        "directory of driver and streams, in memory if it shall be fast; empty for"
                                + " the system's shared memory")
        String directory() default "";

        /** Own address. */
        @AttributeDefinition(description = "IP address at which others reach this machine")
        String host() default "127.0.0.1";

        /** Whether others can call. */
        @AttributeDefinition(description = "whether others can open sessions to this transport")
        boolean listen_enabled() default true;

        /** UDP port. */
        @AttributeDefinition(
                description = "UDP port; -1 is the node's first port plus 100, 0 any free one",
                min = "-1",
                max = "" + AeronOptions.PORT_MAX)
        int port() default PORT_OF_NODE;

        /** Which way. */
        @AttributeDefinition(
                description = "way of the sessions that this side opens",
                options = {
                    @Option(label = "shared memory on one host, else UDP", value = "auto"),
                    @Option(label = "shared memory only", value = "ipc"),
                    @Option(label = "UDP only", value = "udp")
                })
        String path() default "auto";

        /** Who runs the driver. */
        @AttributeDefinition(
                description = "who runs the media driver",
                options = {
                    @Option(label = "invoker with up to 4 processors, else shared", value = "auto"),
                    @Option(label = "the thread that polls", value = "invoker"),
                    @Option(label = "one thread", value = "shared"),
                    @Option(label = "two threads", value = "shared-network"),
                    @Option(label = "three threads", value = "dedicated")
                })
        String driver_mode() default "auto";

        /** Datagrams. */
        @AttributeDefinition(
                description = "longest datagram; 0 for 65504 over loopback and 8192 elsewhere",
                min = "0",
                max = "" + AeronOptions.MTU_BYTES_MAX)
        int mtu_bytes() default 0;

        /** Stream buffers. */
        @AttributeDefinition(
                description = "length of a stream's buffer, of which it has three",
                min = "" + AeronOptions.TERM_BYTES_MIN,
                max = "" + AeronOptions.TERM_BYTES_MAX)
        int term_bytes() default 8 << 20;

        /** Socket buffers. */
        @AttributeDefinition(
                description = "length of the sockets' buffers, as far as the system allows",
                min = "" + AeronOptions.SOCKET_BYTES_MIN,
                max = "" + AeronOptions.SOCKET_BYTES_MAX)
        int socket_bytes() default 4 << 20;

        /** Longest message. */
        @AttributeDefinition(
                description = "longest message",
                min = "" + AeronOptions.MESSAGE_BYTES_MIN,
                max = "" + AeronOptions.MESSAGE_BYTES_MOST)
        int message_bytes_max() default (8 << 20) + (64 << 10);

        /** Most sessions. */
        @AttributeDefinition(
                description = "most sessions",
                min = "1",
                max = "" + AeronOptions.SESSIONS_MOST)
        int sessions_max() default 1_024;

        /** Patience with callees. */
        @AttributeDefinition(
                description = "a session that has no answer after so long is closed",
                min = "" + AeronOptions.TIMEOUT_MS_MIN,
                max = "" + AeronOptions.TIMEOUT_MS_MAX)
        int connect_timeout_ms() default 5_000;

        /** Patience with stalls. */
        @AttributeDefinition(
                description = "a side that shows no life for so long is taken for dead",
                min = "" + AeronOptions.TIMEOUT_MS_MIN,
                max = "" + AeronOptions.TIMEOUT_MS_MAX)
        int liveness_timeout_ms() default 30_000;
    }

    /** Starts the transport. */
    @Activate
    public AeronTransportComponent(
            Config config, BundleContext context, @Reference MetricRegistry metrics) {
        transport =
                new AeronTransport(
                        options(config, context.getProperty(PORT_BASE)),
                        NanoClock.SYSTEM,
                        new SplittableRandom(),
                        metrics);
    }

    @Override
    public String address() {
        return transport.address();
    }

    @Override
    public Session connect(String address) {
        return transport.connect(address);
    }

    @Override
    public boolean hasEnded(String peer) {
        return transport.hasEnded(peer);
    }

    @Override
    public int poll(MessageHandler handler, int messagesMax) {
        return transport.poll(handler, messagesMax);
    }

    /** By the component runtime, when nobody has it any more. */
    @Deactivate
    @Override
    public void close() {
        transport.close();
    }

    static AeronOptions options(Config config, String portBase) {
        AeronOptions defaults = AeronOptions.defaults();
        return defaults.toBuilder()
                .directory(
                        config.directory().isEmpty()
                                ? defaults.directory()
                                : Path.of(config.directory()))
                .host(config.host())
                .port(config.listen_enabled() ? port(config, portBase) : AeronOptions.PORT_NONE)
                .path(oneOf("path", config.path(), AeronOptions.Route.class))
                .driverMode(
                        oneOf("driver.mode", config.driver_mode(), AeronOptions.DriverMode.class))
                .mtuBytes(config.mtu_bytes())
                .termBytes(config.term_bytes())
                .socketBytes(config.socket_bytes())
                .messageBytesMax(config.message_bytes_max())
                .sessionsMax(config.sessions_max())
                .connectTimeoutNanos(nanos(config.connect_timeout_ms()))
                .livenessTimeoutNanos(nanos(config.liveness_timeout_ms()))
                .build();
    }

    private static int port(Config config, String portBase) {
        if (config.port() != PORT_OF_NODE) {
            return (int) Checks.inRange("port", config.port(), 0, AeronOptions.PORT_MAX);
        }
        String base = portBase == null || portBase.isEmpty() ? PORT_BASE_DEFAULT : portBase;
        try {
            return Integer.parseInt(base) + PORT_OFFSET;
        } catch (NumberFormatException noNumber) {
            throw new IllegalArgumentException(PORT_BASE + " must be a port, was " + base);
        }
    }

    private static long nanos(int millis) {
        return (long) millis * AeronOptions.NANOS_PER_MILLI;
    }

    private static <E extends Enum<E>> E oneOf(String key, String value, Class<E> type) {
        StringBuilder names = new StringBuilder();
        for (E each : type.getEnumConstants()) {
            String name = each.name().toLowerCase(Locale.ROOT).replace('_', '-');
            if (name.equals(value)) {
                return each;
            }
            names.append(names.isEmpty() ? "" : ", ").append(name);
        }
        throw new IllegalArgumentException(key + " must be one of " + names + ", was " + value);
    }
}
