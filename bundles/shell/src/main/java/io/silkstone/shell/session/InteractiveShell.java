package io.silkstone.shell.session;

import io.silkstone.shell.command.CommandCatalog;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.felix.gogo.jline.Parser;
import org.apache.felix.gogo.jline.Shell;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.Function;
import org.jline.keymap.KeyMap;
import org.jline.reader.Binding;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.Reference;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;

/**
 * Reads lines from a terminal, with editing, history and completion, and runs them until the person
 * says {@code exit} or presses Ctrl-D. Ctrl-C ends the command that runs, never the shell.
 */
public final class InteractiveShell {
    private static final System.Logger LOGGER = System.getLogger(InteractiveShell.class.getName());
    private static final String PROMPT = "silkstone> ";
    private static final String PROMPT_CONTINUED = "        %N> ";
    private static final int HISTORY_LINES_MAX = 1_000;

    private final CommandProcessor processor;
    private final CommandCatalog catalog;
    private final Path history;

    /**
     * A shell that can be run many times, also at once.
     *
     * @param history file that keeps the lines of all sessions
     */
    public InteractiveShell(CommandProcessor processor, CommandCatalog catalog, Path history) {
        this.processor = processor;
        this.catalog = catalog;
        this.history = history;
    }

    /**
     * Serves the person at {@code terminal} until they leave or the terminal is closed.
     *
     * @param directory where relative paths count from
     * @param welcome shown first
     */
    public void run(Terminal terminal, Path directory, String welcome) {
        PrintStream out = new PrintStream(terminal.output(), true, StandardCharsets.UTF_8);
        try (ShellSession session = new ShellSession(processor, terminal, out, out, directory)) {
            LineReader reader = reader(terminal, session);
            terminal.handle(Signal.INT, signal -> session.interrupt());
            terminal.writer().println(welcome);
            terminal.flush();
            String line = next(reader);
            while (line != null && !session.left()) {
                if (!line.isBlank()) {
                    session.run(line);
                }
                line = session.left() ? null : next(reader);
            }
            saveHistory(reader);
        }
    }

    private LineReader reader(Terminal terminal, ShellSession session) {
        createHistory();
        LineReader reader =
                LineReaderBuilder.builder()
                        .terminal(terminal)
                        .appName("silkstone")
                        .parser(new Parser())
                        .completer(new CommandCompleter(catalog, session::gogo))
                        .variable(LineReader.HISTORY_FILE, history)
                        .variable(LineReader.HISTORY_SIZE, HISTORY_LINES_MAX)
                        .variable(LineReader.HISTORY_FILE_SIZE, HISTORY_LINES_MAX)
                        .variable(LineReader.SECONDARY_PROMPT_PATTERN, PROMPT_CONTINUED)
                        .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                        .option(LineReader.Option.CASE_INSENSITIVE, true)
                        .build();
        bindPlainArrows(reader.getKeyMaps().get(LineReader.MAIN));
        session.gogo().put(Shell.VAR_READER, reader);
        session.gogo().put("#TERM", (Function) (gogo, none) -> terminal.getType());
        session.gogo().put("#COLUMNS", (Function) (gogo, none) -> terminal.getWidth());
        session.gogo().put("#LINES", (Function) (gogo, none) -> terminal.getHeight());
        return reader;
    }

    /**
     * Terminals that stay in normal mode although they were asked for application mode send other
     * arrows than those of the terminal description, which are the only ones bound so far.
     */
    private static void bindPlainArrows(KeyMap<Binding> keys) {
        keys.bind(new Reference(LineReader.UP_LINE_OR_SEARCH), "\033[A", "\033OA");
        keys.bind(new Reference(LineReader.DOWN_LINE_OR_SEARCH), "\033[B", "\033OB");
        keys.bind(new Reference(LineReader.FORWARD_CHAR), "\033[C", "\033OC");
        keys.bind(new Reference(LineReader.BACKWARD_CHAR), "\033[D", "\033OD");
        keys.bind(new Reference(LineReader.END_OF_LINE), "\033[F", "\033OF");
        keys.bind(new Reference(LineReader.BEGINNING_OF_LINE), "\033[H", "\033OH");
    }

    /** The next line, blank for none this time, null at the end. */
    private static String next(LineReader reader) {
        try {
            String line = reader.readLine(PROMPT);
            return line;
        } catch (UserInterruptException _) {
            return "";
        } catch (EndOfFileException _) {
            return null;
        }
    }

    /** Lines may hold keys and values, so nobody else may read them. */
    private void createHistory() {
        try {
            if (Files.notExists(history)) {
                Files.createFile(
                        history,
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")));
            }
        } catch (IOException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "No shell history in " + history + '.', e);
        }
    }

    private void saveHistory(LineReader reader) {
        try {
            reader.getHistory().save();
        } catch (InterruptedIOException _) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "No shell history in " + history + '.', e);
        }
    }
}
