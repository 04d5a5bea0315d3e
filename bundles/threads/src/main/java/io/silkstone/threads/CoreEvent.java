package io.silkstone.threads;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** JFR event: the runtime got a core or gave one back. */
@Name("io.silkstone.threads.Core")
@Label("Core")
@Category({"Silkstone", "Threads"})
@Description("The runtime got a core or gave one back")
@StackTrace(false)
final class CoreEvent extends Event {
    @Label("Core")
    int core;

    @Label("Change")
    String change;

    @Label("Cores held after it")
    int coresHeld;

    static void commit(int core, String change, int coresHeld) {
        CoreEvent event = new CoreEvent();
        event.core = core;
        event.change = change;
        event.coresHeld = coresHeld;
        event.commit();
    }
}
