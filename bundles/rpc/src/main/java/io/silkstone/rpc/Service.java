package io.silkstone.rpc;

/** Serves one kind of request; see {@link Rpc#serve}. */
@FunctionalInterface
public interface Service {
    /**
     * Serves {@code request} and answers it, once, now or later. What it throws is answered with
     * MALFORMED when it is an {@link IndexOutOfBoundsException} of a decoder, since the message was
     * shorter than it said; anything else is a fault of ours and is answered with RETRY_LATER. The
     * first of either kind is logged.
     *
     * <p>Lengths and counts in a message are the caller's word: allocate nothing by them before the
     * bytes themselves are seen to be there. A length may be read as negative, too.
     */
    void serve(Request request);
}
