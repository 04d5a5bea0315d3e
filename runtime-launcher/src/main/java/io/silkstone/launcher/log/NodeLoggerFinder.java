package io.silkstone.launcher.log;

import java.text.MessageFormat;
import java.util.ResourceBundle;

/**
 * Sends what plain Java says through {@link System.Logger} to {@link NodeLog}. The platform finds
 * it as a service, and so do the classes of every bundle.
 */
public final class NodeLoggerFinder extends System.LoggerFinder {
    /** Called by the platform, once. */
    public NodeLoggerFinder() {}

    @Override
    public System.Logger getLogger(String name, Module module) {
        return new NodeLogger(NodeLog.OF_THIS_PROCESS, name);
    }

    private record NodeLogger(NodeLog log, String name) implements System.Logger {
        @Override
        public String getName() {
            return name;
        }

        @Override
        public boolean isLoggable(Level level) {
            return log.isLoggable(level);
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
            if (isLoggable(level)) {
                log.write(level, name, translated(bundle, message), thrown);
            }
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String format, Object... parameters) {
            if (isLoggable(level)) {
                String text = translated(bundle, format);
                boolean isPlain = parameters == null || parameters.length == 0;
                log.write(
                        level, name, isPlain ? text : MessageFormat.format(text, parameters), null);
            }
        }

        private static String translated(ResourceBundle bundle, String text) {
            return bundle != null && text != null && bundle.containsKey(text)
                    ? bundle.getString(text)
                    : String.valueOf(text);
        }
    }
}
