package io.silkstone.threads;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** JFR event: a user thread moved to another core. */
@Name("io.silkstone.threads.Migration")
@Label("Thread Migration")
@Category({"Silkstone", "Threads"})
@Description("A user thread moved off a core that was given back or set apart")
@StackTrace(false)
final class MigrationEvent extends Event {
    @Label("User thread")
    long userThread;

    @Label("From core")
    int from;

    @Label("To core")
    int to;

    static void commit(long userThread, int from, int to) {
        MigrationEvent event = new MigrationEvent();
        event.userThread = userThread;
        event.from = from;
        event.to = to;
        event.commit();
    }
}
