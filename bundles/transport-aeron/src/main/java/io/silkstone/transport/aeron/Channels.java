package io.silkstone.transport.aeron;

/** Aeron's names for the ways that streams take. */
final class Channels {
    /** Where hellos over shared memory arrive. */
    static final String IPC = "aeron:ipc";

    /** Hellos are few and small; a term has room for eight frames. */
    private static final String HELLO_TERM = "term-length=65536|mtu=1408";

    private Channels() {}

    static String ipcOut(AeronOptions options, int session) {
        return "aeron:ipc?term-length=" + options.termBytes() + "|session-id=" + session;
    }

    static String ipcIn(int session) {
        return "aeron:ipc?session-id=" + session;
    }

    static String ipcHello() {
        return "aeron:ipc?" + HELLO_TERM;
    }

    static String udpOut(AeronOptions options, PeerAddress peer, int session) {
        return "aeron:udp?endpoint="
                + peer.endpoint()
                + "|mtu="
                + options.mtuBytes(peer.host())
                + "|term-length="
                + options.termBytes()
                + "|session-id="
                + session;
    }

    /** Where hellos over UDP arrive. */
    static String udp(String endpoint) {
        return "aeron:udp?endpoint=" + endpoint;
    }

    static String udpIn(String endpoint, int session) {
        return "aeron:udp?endpoint=" + endpoint + "|session-id=" + session;
    }

    static String udpHello(PeerAddress peer) {
        return "aeron:udp?endpoint=" + peer.endpoint() + "|" + HELLO_TERM;
    }
}
