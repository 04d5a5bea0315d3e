package io.silkstone.node.config;

import io.silkstone.node.diagnosis.ComponentStates;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.osgi.framework.Bundle;
import org.osgi.service.log.LogEntry;
import org.osgi.service.log.LogLevel;
import org.osgi.service.log.LogListener;

/**
 * What components said when they refused new settings. A component refuses by throwing, at its
 * start and later; but from a {@code @Modified} method the component runtime tells that to nobody
 * but the log, and shows the component as one that has its new settings. So the log is heard.
 *
 * <p>Threads: any.
 */
final class LoggedRefusals implements LogListener {
    private final ComponentStates components;
    private final Map<String, Refusal> refusals = new ConcurrentHashMap<>();

    LoggedRefusals(ComponentStates components) {
        this.components = components;
    }

    private record Refusal(long atMs, String reason) {}

    @Override
    public void logged(LogEntry entry) {
        Bundle bundle = entry.getBundle();
        if (entry.getLogLevel() != LogLevel.ERROR
                || entry.getException() == null
                || entry.getMessage() == null
                || bundle == null) {
            return;
        }
        Refusal refusal = new Refusal(entry.getTime(), reasonOf(entry.getException()));
        components
                .modifiedBy(bundle, entry.getLoggerName(), entry.getMessage())
                .forEach(pid -> refusals.put(pid, refusal));
    }

    /** Why a component refused what it got for {@code pid} at {@code sinceMs} or later, or null. */
    String of(String pid, long sinceMs) {
        Refusal last = refusals.get(pid);
        return last == null || last.atMs() < sinceMs ? null : last.reason();
    }

    private static String reasonOf(Throwable thrown) {
        Throwable root = thrown;
        for (int depth = 0; root.getCause() != null && depth < 20; depth++) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.toString() : root.getMessage();
    }
}
