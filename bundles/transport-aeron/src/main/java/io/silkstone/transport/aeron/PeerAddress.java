package io.silkstone.transport.aeron;

import io.silkstone.base.Checks;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a transport is reached: by UDP at {@code host} and {@code port}, and by those on its host
 * in its {@link DriverHome}, if that carries {@code token}.
 *
 * <pre>
 *   aeron:127.0.0.1:7700
 *   aeron:[2001:db8::7]:7700?dir=/dev/shm/silkstone-aeron-4711-9f;token=1f2e3d4c5b6a7988
 * </pre>
 *
 * @param host an IP address
 * @param port of UDP
 * @param directory home of its driver, or null when only UDP is known
 * @param token what the home must carry, or null
 */
record PeerAddress(InetAddress host, int port, Path directory, String token) {
    static final int LENGTH_MAX = 255;

    private static final Pattern FORM =
            Pattern.compile(
                    "aeron:(\\[[0-9a-fA-F:.%]+]|[0-9.]+):(\\d{1,5})"
                            + "(?:\\?dir=([\\w./-]+);token=([0-9a-f]{1,32}))?");

    /**
     * Reads an address.
     *
     * @throws IllegalArgumentException when it is none, with a sentence for operators
     */
    static PeerAddress parse(String text) {
        Matcher matcher = FORM.matcher(text);
        Checks.require(
                text.length() <= LENGTH_MAX && matcher.matches(),
                "'%s' is no address of the Aeron transport, which looks like aeron:127.0.0.1:7700",
                text);
        String host = matcher.group(1);
        int port = Integer.parseInt(matcher.group(2));
        Checks.inRange("the port of " + text, port, 1, AeronOptions.PORT_MAX);
        return new PeerAddress(
                AeronOptions.literal(host.replaceAll("[\\[\\]]", "")),
                port,
                matcher.group(3) == null ? null : Path.of(matcher.group(3)),
                matcher.group(4));
    }

    /** Whether {@code text} looks like an address. */
    static boolean isOne(String text) {
        return text.length() <= LENGTH_MAX && FORM.matcher(text).matches();
    }

    /** Host and port as Aeron's channels have them. */
    static String endpoint(InetAddress host, int port) {
        String address = host.getHostAddress();
        return (host instanceof Inet6Address ? "[" + address + "]" : address) + ":" + port;
    }

    /** Host and port as Aeron's channels have them. */
    String endpoint() {
        return endpoint(host, port);
    }

    @Override
    public String toString() {
        String udp = "aeron:" + endpoint();
        return directory == null ? udp : udp + "?dir=" + directory + ";token=" + token;
    }
}
