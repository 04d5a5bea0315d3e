package io.silkstone.gateway.net;

/** What connections have to report. Threads: any. */
public interface ConnectionMetrics {
    /** A client was accepted. */
    void connected();

    /** A client was turned away because there are too many. */
    void refused();

    /** A connection went from one core to another. */
    void handedOver();

    /** A client was disconnected because it did not read its replies. */
    void outputLimit();

    /** A client was disconnected because the store did not settle its replies in time. */
    void unsettled();

    /** A client was disconnected because it said nothing. */
    void idle();

    /** A batch of requests took so long, from the bytes' arrival until its replies were written. */
    void batch(long nanos);
}
