package io.silkstone.threads;

import io.silkstone.api.policy.PolicyId;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** JFR event: one core policy took over from another. */
@Name("io.silkstone.threads.PolicySwap")
@Label("Core Policy Swap")
@Category({"Silkstone", "Threads"})
@Description("One core policy took over from another")
@StackTrace(false)
final class PolicySwapEvent extends Event {
    @Label("From")
    String from;

    @Label("To")
    String to;

    @Label("Length")
    @Timespan(Timespan.NANOSECONDS)
    long length;

    static void commit(PolicyId from, PolicyId to, long nanos) {
        PolicySwapEvent event = new PolicySwapEvent();
        event.from = from.toString();
        event.to = to.toString();
        event.length = nanos;
        event.commit();
    }
}
