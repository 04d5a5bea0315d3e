package io.silkstone.node.policy;

import io.silkstone.api.policy.PolicyId;
import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** Shows a switch on the time line of a flight recording, beside the latencies around it. */
@Name("silkstone.PolicySwitched")
@Label("Policy switched")
@Category("Silkstone")
@StackTrace(false)
final class PolicySwitched extends Event {
    @Label("Kind")
    private String kind;

    @Label("From")
    private String from;

    @Label("To")
    private String to;

    @Label("Cause")
    private String cause;

    @Label("Hand-over")
    @Timespan(Timespan.NANOSECONDS)
    private long nanos;

    static void record(String kind, PolicyId from, PolicyId to, Cause cause, long nanos) {
        PolicySwitched event = new PolicySwitched();
        if (event.shouldCommit()) {
            event.kind = kind;
            event.from = from.toString();
            event.to = to.toString();
            event.cause = cause.text();
            event.nanos = nanos;
            event.commit();
        }
    }
}
