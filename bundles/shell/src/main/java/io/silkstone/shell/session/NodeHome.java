package io.silkstone.shell.session;

import java.nio.file.Path;
import org.osgi.framework.BundleContext;

/**
 * What the shell knows of the node before any service is there.
 *
 * @param directory the home directory
 * @param version Silkstone's version
 */
public record NodeHome(Path directory, String version) {
    private static final String HOME = "silkstone.home";
    private static final String VERSION = "silkstone.version";

    /**
     * Reads the launcher's properties.
     *
     * @throws IllegalStateException when no home is set: this is no node
     */
    public static NodeHome of(BundleContext context) {
        String home = context.getProperty(HOME);
        if (home == null) {
            throw new IllegalStateException(
                    "The framework property " + HOME + " is not set: the shell needs a home.");
        }
        String version = context.getProperty(VERSION);
        return new NodeHome(
                Path.of(home).toAbsolutePath(), version == null ? "(no version)" : version);
    }

    /** Where the control socket is. */
    public Path controlSocket() {
        return directory.resolve("run").resolve("control.sock");
    }

    /** Where lines that were typed are kept. */
    public Path history() {
        return directory.resolve("run").resolve("shell.history");
    }

    /**
     * First line of an interactive session.
     *
     * @param leaving what Ctrl-D does
     */
    public String welcome(String leaving) {
        return "Silkstone " + version + ": help lists the commands, Tab completes, " + leaving;
    }
}
