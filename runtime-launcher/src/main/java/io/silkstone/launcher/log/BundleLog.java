package io.silkstone.launcher.log;

import java.lang.System.Logger.Level;
import java.util.regex.Pattern;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.service.log.LogEntry;
import org.osgi.service.log.LogLevel;
import org.osgi.service.log.LogListener;
import org.osgi.service.log.LogReaderService;
import org.osgi.util.tracker.ServiceTracker;

/**
 * Sends what bundles say through the OSGi log service to {@link NodeLog}. It is there before the
 * first bundle starts and listens from the moment that the log service exists; without it an
 * activation that fails in Declarative Services would be silent.
 */
public final class BundleLog implements LogListener {
    /** How the component runtime begins when a live change was refused by throwing. */
    private static final Pattern MODIFIED =
            Pattern.compile("\\bmodified\\b.* has thrown an exception");

    private final NodeLog log;

    private BundleLog(NodeLog log) {
        this.log = log;
    }

    /** Listens to the log service of {@code framework} from when it comes till the end. */
    public static void sendTo(NodeLog log, BundleContext framework) {
        BundleLog listener = new BundleLog(log);
        new ServiceTracker<LogReaderService, LogReaderService>(
                framework, LogReaderService.class, null) {
            @Override
            public LogReaderService addingService(ServiceReference<LogReaderService> found) {
                LogReaderService reader = super.addingService(found);
                reader.addLogListener(listener);
                return reader;
            }
        }.open();
    }

    @Override
    public void logged(LogEntry entry) {
        if (isNoise(entry)) {
            return;
        }
        String source =
                entry.getBundle() == null
                        ? entry.getLoggerName()
                        : entry.getBundle().getSymbolicName();
        Throwable thrown = entry.getException();
        String message = String.valueOf(entry.getMessage());
        String reason = Refusal.reasonOf(thrown);
        if (reason == null) {
            log.write(levelOf(entry.getLogLevel()), source, message, thrown);
        } else if (MODIFIED.matcher(message).find()) {
            // The node goes back to the last good values and says so, with the name of the file.
            log.write(Level.DEBUG, source, "refused new settings: " + reason, null);
        } else {
            log.write(levelOf(entry.getLogLevel()), source, reason, null);
        }
    }

    /** The log service writes every bundle and service event as well, a hundred lines a start. */
    private static boolean isNoise(LogEntry entry) {
        return entry.getLoggerName().startsWith("Events.") && entry.getLogLevel() == LogLevel.INFO;
    }

    private static Level levelOf(LogLevel level) {
        return switch (level) {
            case AUDIT, ERROR -> Level.ERROR;
            case WARN -> Level.WARNING;
            case INFO -> Level.INFO;
            case DEBUG, TRACE -> Level.DEBUG;
        };
    }
}
