package io.silkstone.launcher.log;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * The log of this process. Before {@link #open} there is only the console; warnings and errors go
 * there at all times, as one line each. A stack trace goes to the file alone: it is of no use to an
 * operator at a terminal. Threads: any; a message is written when the call returns.
 */
public final class NodeLog implements AutoCloseable {
    /** The log of the process, which the platform's logger finder writes to. */
    public static final NodeLog OF_THIS_PROCESS = new NodeLog(System.err, Clock.systemUTC());

    static final long FILE_BYTES_MAX = 16L << 20;
    static final int OLD_FILES_MAX = 4;

    private static final int HELD_BACK_MAX = 1_000;
    private static final int CAUSES_MAX = 20;
    private static final String FILE = "silkstone.log";
    private static final Level CONSOLE_LEVEL = Level.WARNING;

    private final PrintStream console;
    private final Clock clock;
    private Path folder;
    private BufferedWriter file;
    private long fileBytes;
    private volatile Level fileLevel = Level.OFF;
    private List<String> heldBack;

    NodeLog(PrintStream console, Clock clock) {
        this.console = console;
        this.clock = clock;
    }

    /**
     * From now on messages of {@code level} and above go to {@code silkstone.log} in {@code logs}.
     * At {@value #FILE_BYTES_MAX} bytes it becomes {@code silkstone.1.log}, and so on; the last
     * {@value #OLD_FILES_MAX} are kept.
     */
    public synchronized void open(Path logs, Level level) throws IOException {
        folder = logs;
        openFile();
        fileLevel = level;
    }

    /** Whether a message of {@code level} would go anywhere. */
    public boolean isLoggable(Level level) {
        return level != Level.OFF
                && (level.compareTo(CONSOLE_LEVEL) >= 0 || level.compareTo(fileLevel) >= 0);
    }

    /**
     * Writes one message.
     *
     * @param source who says it, such as a logger's or a bundle's name
     * @param thrown what is behind it, or null
     */
    public void write(Level level, String source, String message, Throwable thrown) {
        if (!isLoggable(level)) {
            return;
        }
        Instant time = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        String reason =
                thrown == null || message.contains(thrownText(thrown)) ? "" : thrownText(thrown);
        String line = "%s %s: %s".formatted(level, source, message);
        if (!reason.isEmpty()) {
            line += " (" + reason + ")";
        }
        String oneLine = line.strip().replaceAll("\\s*\\R\\s*", " | ");
        synchronized (this) {
            if (level.compareTo(CONSOLE_LEVEL) >= 0) {
                show(oneLine);
            }
            if (level.compareTo(fileLevel) >= 0) {
                writeToFile(time + " " + oneLine + "\n" + trace(thrown));
            }
        }
    }

    /** Writes an error to the file alone, for a caller that tells the operator in its own words. */
    public void remember(String source, String message, Throwable thrown) {
        synchronized (this) {
            if (fileLevel != Level.OFF) {
                Instant time = clock.instant().truncatedTo(ChronoUnit.MILLIS);
                writeToFile("%s ERROR %s: %s\n%s".formatted(time, source, message, trace(thrown)));
            }
        }
    }

    /**
     * Keeps messages from the console until {@link #releaseConsole}; the file gets them at once.
     * For the time of a start: when that is refused, one sentence says why, and what the components
     * said about it one after the other would only hide it.
     */
    public synchronized void holdConsole() {
        heldBack = new ArrayList<>();
    }

    /** Shows what was held back, and from now on everything at once. */
    public synchronized void releaseConsole() {
        if (heldBack != null) {
            heldBack.forEach(console::println);
            heldBack = null;
        }
    }

    /** Ends the file; the console goes on. */
    @Override
    public synchronized void close() {
        fileLevel = Level.OFF;
        try {
            if (file != null) {
                file.close();
            }
        } catch (IOException e) {
            console.println("WARNING log: " + folder + ": " + e.getMessage());
        }
        file = null;
    }

    private void show(String line) {
        if (heldBack == null) {
            console.println(line);
        } else if (heldBack.size() < HELD_BACK_MAX) {
            heldBack.add(line);
        }
    }

    private void writeToFile(String text) {
        try {
            if (fileBytes >= FILE_BYTES_MAX) {
                rotate();
            }
            file.write(text);
            file.flush();
            fileBytes += text.getBytes(StandardCharsets.UTF_8).length;
        } catch (IOException e) {
            // A full disk must not end the node; the console still has the warnings.
            console.println("WARNING log: " + folder + ": " + e.getMessage());
        }
    }

    private void rotate() throws IOException {
        file.close();
        for (int number = OLD_FILES_MAX; number > 0; number--) {
            Path from = folder.resolve(number == 1 ? FILE : oldFile(number - 1));
            if (Files.exists(from)) {
                Files.move(
                        from, folder.resolve(oldFile(number)), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        openFile();
    }

    private void openFile() throws IOException {
        Path path = folder.resolve(FILE);
        file = Files.newBufferedWriter(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        fileBytes = Files.size(path);
    }

    private static String oldFile(int number) {
        return "silkstone." + number + ".log";
    }

    /** What the innermost cause says: the ones around it mostly name the framework's own steps. */
    private static String thrownText(Throwable thrown) {
        Throwable cause = thrown;
        for (int depth = 0; cause.getCause() != null && depth < CAUSES_MAX; depth++) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.getClass().getName() : cause.getMessage();
    }

    private static String trace(Throwable thrown) {
        if (thrown == null) {
            return "";
        }
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }
}
