package io.silkstone.launcher.log;

import java.lang.System.Logger.Level;
import org.apache.felix.framework.Logger;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;

/** Sends what the framework itself says to {@link NodeLog}. */
public final class FrameworkLog extends Logger {
    private final NodeLog log;

    /** Sends to {@code log}. */
    public FrameworkLog(NodeLog log) {
        this.log = log;
        setLogLevel(LOG_WARNING);
    }

    @Override
    @SuppressWarnings("rawtypes") // as the framework declares it
    protected void doLog(
            Bundle bundle, ServiceReference service, int level, String message, Throwable thrown) {
        String source = bundle == null ? "framework" : bundle.getSymbolicName();
        log.write(level == LOG_ERROR ? Level.ERROR : Level.WARNING, source, message, thrown);
    }
}
