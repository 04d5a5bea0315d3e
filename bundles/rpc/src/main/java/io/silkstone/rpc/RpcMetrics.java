package io.silkstone.rpc;

import io.silkstone.api.metrics.MetricDescriptor;

/** What requests and replies come to. */
public enum RpcMetrics implements MetricDescriptor {
    CALLS("rpc.calls_total", "Requests that were made of other processes."),
    RESENT("rpc.calls.resent_total", "Requests that were sent again because no reply came."),
    TIMED_OUT("rpc.calls.timed_out_total", "Requests that were given up because no reply came."),
    LATE("rpc.replies.late_total", "Replies to requests that were answered or given up before."),
    SERVED("rpc.requests_total", "Requests of others that were given to their service."),
    MALFORMED("rpc.messages.malformed_total", "Messages that could not be read."),
    UNKNOWN("rpc.requests.unknown_total", "Requests of a kind that this version does not know."),
    MISDIRECTED(
            "rpc.requests.misdirected_total",
            "Requests for another cluster, another server, or one that was started anew."),
    BUSY("rpc.requests.busy_total", "Requests that were refused because too many wait."),
    EXPIRED("rpc.requests.expired_total", "Requests that waited until nobody wanted the answer."),
    FAILED("rpc.requests.failed_total", "Services and completions that ended with an error."),
    DROPPED(
            "rpc.replies.dropped_total",
            "Replies that could not be sent while they were wanted, or not be kept."),
    REPEATED(
            "rpc.requests.repeated_total",
            "Copies of requests that the transport brought twice, which were dropped.");

    private final String label;
    private final String description;

    RpcMetrics(String label, String description) {
        this.label = label;
        this.description = description;
    }

    @Override
    public String label() {
        return label;
    }

    @Override
    public String description() {
        return description;
    }
}
