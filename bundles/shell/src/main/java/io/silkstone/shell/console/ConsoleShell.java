package io.silkstone.shell.console;

import io.silkstone.shell.session.InteractiveShell;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/**
 * Runs the interactive shell on the process's terminal until the person leaves, and then calls back
 * so that the node stops: a node that was started by hand in a terminal must not live on without
 * it.
 */
final class ConsoleShell implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(ConsoleShell.class.getName());

    private final InteractiveShell shell;
    private final String welcome;
    private final Runnable onLeave;
    private final Thread thread;
    private volatile boolean closed;
    private volatile Terminal terminal;

    ConsoleShell(InteractiveShell shell, String welcome, Runnable onLeave) {
        this.shell = shell;
        this.welcome = welcome;
        this.onLeave = onLeave;
        this.thread =
                Thread.ofPlatform().name("silkstone-shell-console-0").daemon().unstarted(this::run);
        // JLine looks for its terminal providers through the context class loader, and would
        // quietly settle for a dumb terminal with any other.
        thread.setContextClassLoader(Terminal.class.getClassLoader());
    }

    void start() {
        thread.start();
    }

    /** Gives the terminal back as it was. */
    @Override
    public void close() {
        closed = true;
        closeTerminal();
        thread.interrupt();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(2));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            terminal =
                    TerminalBuilder.builder()
                            .name("silkstone")
                            .system(true)
                            .nativeSignals(true)
                            .build();
            if (!closed) {
                shell.run(terminal, Path.of("").toAbsolutePath(), welcome);
            }
        } catch (IOException | RuntimeException e) {
            if (!closed) {
                LOGGER.log(System.Logger.Level.WARNING, "The console shell failed.", e);
            }
        } finally {
            closeTerminal();
        }
        if (!closed) {
            onLeave.run();
        }
    }

    private void closeTerminal() {
        Terminal open = terminal;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOGGER.log(System.Logger.Level.DEBUG, "The terminal did not close well.", e);
            }
        }
    }
}
