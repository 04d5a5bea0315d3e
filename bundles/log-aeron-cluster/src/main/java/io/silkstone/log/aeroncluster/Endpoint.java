package io.silkstone.log.aeroncluster;

import io.silkstone.base.Checks;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a member of the log is: five UDP ports in a row, and the first of them over TCP for {@link
 * Roll}.
 *
 * @param host an IP address, or a name that this machine knows
 * @param port the first port
 */
record Endpoint(String host, int port) {
    /** What others send to a member, each on a port of its own. */
    static final int PORTS = 5;

    private static final int PORT_MAX = 65_535 - PORTS + 1;
    private static final Pattern FORM =
            Pattern.compile("(\\[[0-9a-fA-F:.]+]|[A-Za-z0-9.-]+):([0-9]{1,5})");

    /**
     * The members in {@code words}, in their order.
     *
     * @throws IllegalArgumentException when they are no members, with a sentence for operators
     */
    static List<Endpoint> of(String... words) {
        List<Endpoint> members = new ArrayList<>();
        for (String word : words) {
            Matcher matcher = FORM.matcher(word.strip());
            boolean isSound =
                    matcher.matches()
                            && Integer.parseInt(matcher.group(2)) >= 1
                            && Integer.parseInt(matcher.group(2)) <= PORT_MAX;
            Checks.require(
                    isSound,
                    "members must be addresses such as 127.0.0.1:7800 with commas between, with"
                            + " ports from 1 to %d, was '%s'",
                    PORT_MAX,
                    word.strip());
            members.add(new Endpoint(matcher.group(1), Integer.parseInt(matcher.group(2))));
        }
        requireApart(members);
        return List.copyOf(members);
    }

    private static void requireApart(List<Endpoint> members) {
        Set<String> taken = new HashSet<>();
        for (Endpoint member : members) {
            for (int port = member.port; port < member.port + PORTS; port++) {
                Checks.require(
                        taken.add(member.host + ":" + port),
                        "members must have %d ports each for themselves from the one that is"
                                + " named, and two of them have %s:%d",
                        PORTS,
                        member.host,
                        port);
            }
        }
    }

    /** Where {@link Roll} is answered. */
    InetSocketAddress roll() {
        String literal = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        return new InetSocketAddress(literal, port);
    }

    /** Where proposals come, from members that do not lead. */
    String ingress() {
        return at(0);
    }

    /** Where members agree on who leads, and on what is committed. */
    String consensus() {
        return at(1);
    }

    /** Where the archive is asked for what another one lacks. */
    String archive() {
        return at(4);
    }

    /** What Aeron Cluster wants to know of a member. */
    String described(int id) {
        return String.join(
                ",", Integer.toString(id), ingress(), consensus(), at(2), at(3), archive());
    }

    /** Any free port of the same interface. */
    String anyPort() {
        return host + ":0";
    }

    private String at(int offset) {
        return host + ":" + (port + offset);
    }

    @Override
    public String toString() {
        return at(0);
    }
}
