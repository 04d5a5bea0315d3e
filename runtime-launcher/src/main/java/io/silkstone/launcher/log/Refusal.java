package io.silkstone.launcher.log;

/**
 * Tells a refusal from a bug. A component refuses by throwing, in words for the operator; the trace
 * of that leads to the line that checked, and to nothing that anybody could mend. All else that is
 * thrown keeps its trace.
 *
 * <p>Classes are known by name: the log service hands on copies of what bundles throw.
 */
final class Refusal {
    private static final String OURS = "io.silkstone.";
    private static final String CHECKS = OURS + "base.Checks";
    private static final int CAUSES_MAX = 20;

    private Refusal() {}

    /** Why {@code thrown} refuses, in its own words; null when it is no refusal, or null. */
    static String reasonOf(Throwable thrown) {
        Throwable cause = thrown;
        for (int depth = 0; cause != null && depth < CAUSES_MAX; depth++) {
            if (refuses(cause)) {
                return cause.getMessage();
            }
            cause = cause.getCause();
        }
        return null;
    }

    private static boolean refuses(Throwable thrown) {
        String type = thrown.toString().split(":", 2)[0];
        StackTraceElement[] trace = thrown.getStackTrace();
        return thrown.getMessage() != null
                && (type.startsWith(OURS) && type.endsWith("Refused")
                        || type.equals("org.osgi.service.cm.ConfigurationException")
                        || type.equals("java.lang.IllegalArgumentException")
                                && trace.length > 0
                                && judgesSettings(trace[0].getClassName()));
    }

    /** Bundles that see the API alone check in the class of their options, or in a component. */
    private static boolean judgesSettings(String type) {
        return type.startsWith(OURS)
                && (type.equals(CHECKS) || type.endsWith("Options") || type.endsWith("Component"));
    }
}
