package io.silkstone.gateway.cluster;

/**
 * Where Redis clients of a server are to come.
 *
 * @param host empty when they are to come nowhere
 * @param port 0 then
 */
public record Endpoint(String host, int port) {
    static final Endpoint NOWHERE = new Endpoint("", 0);

    /**
     * As a server announced it: {@code host:port}, an IPv6 address with or without brackets.
     * Nowhere when it cannot be understood.
     */
    public static Endpoint of(String announced) {
        int colon = announced.lastIndexOf(':');
        if (colon <= 0) {
            return NOWHERE;
        }
        String host = announced.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        String digits = announced.substring(colon + 1);
        if (!digits.matches("[0-9]{1,5}")) {
            return NOWHERE;
        }
        return new Endpoint(
                bracketed ? host.substring(1, host.length() - 1) : host, Integer.parseInt(digits));
    }

    /** Whether there is none. */
    public boolean isNowhere() {
        return host.isEmpty();
    }

    /** As Redis writes it, without brackets around an IPv6 address. */
    @Override
    public String toString() {
        return host + ":" + port;
    }
}
