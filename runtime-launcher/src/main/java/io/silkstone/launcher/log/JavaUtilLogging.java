package io.silkstone.launcher.log;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * Sends what libraries say through java.util.logging (Netty, and slf4j by its binding to it) to
 * {@link NodeLog}, instead of the two lines a message that the platform prints.
 */
public final class JavaUtilLogging extends Handler {
    private final NodeLog log;
    private final SimpleFormatter formatter = new SimpleFormatter();

    private JavaUtilLogging(NodeLog log) {
        this.log = log;
    }

    /** Makes {@code log} the only place where messages go. */
    public static void sendTo(NodeLog log) {
        LogManager.getLogManager().reset();
        Logger.getLogger("").addHandler(new JavaUtilLogging(log));
    }

    @Override
    public void publish(LogRecord entry) {
        log.write(
                levelOf(entry.getLevel()),
                String.valueOf(entry.getLoggerName()),
                String.valueOf(formatter.formatMessage(entry)),
                entry.getThrown());
    }

    @Override
    public void flush() {
        // The log keeps nothing back.
    }

    @Override
    public void close() {
        // The log belongs to the process.
    }

    private static System.Logger.Level levelOf(Level level) {
        if (level.intValue() >= Level.SEVERE.intValue()) {
            return System.Logger.Level.ERROR;
        }
        if (level.intValue() >= Level.WARNING.intValue()) {
            return System.Logger.Level.WARNING;
        }
        return level.intValue() >= Level.INFO.intValue()
                ? System.Logger.Level.INFO
                : System.Logger.Level.DEBUG;
    }
}
