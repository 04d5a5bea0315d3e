package io.silkstone.shell.session;

import io.silkstone.shell.command.Progress;
import java.io.PrintStream;
import org.apache.felix.service.command.Process;
import org.jline.terminal.Terminal;

/**
 * Shows how far a job is where its answer goes: on a terminal as one line that is rewritten and in
 * the end taken away, elsewhere line after line. Threads: the job's.
 */
final class JobProgress implements Progress {
    private static final int OUT = 1;
    private static final String LINE_BEGIN = "\r";
    private static final String ERASE_TO_LINE_END = "\033[K";

    private final PrintStream out;

    /** What the line is on; null where none is rewritten. */
    private final Terminal screen;

    private boolean isShown;

    /**
     * Of a job.
     *
     * @param terminal the session's; null for none
     */
    JobProgress(Process job, Terminal terminal) {
        boolean isLive =
                terminal != null
                        && job.isTty(OUT)
                        && !terminal.getType().startsWith(Terminal.TYPE_DUMB);
        out = job.out();
        screen = isLive ? terminal : null;
    }

    @Override
    public boolean isLive() {
        return screen != null;
    }

    @Override
    public void show(String line) {
        if (isLive()) {
            // A line that is full would go on in the next one, which is not rewritten.
            int room = screen.getWidth() > 1 ? screen.getWidth() - 1 : line.length();
            out.print(LINE_BEGIN + line.substring(0, Math.min(room, line.length())));
            out.print(ERASE_TO_LINE_END);
        } else {
            out.println(line);
        }
        out.flush();
        isShown = true;
    }

    /** Makes room for what comes after it. */
    void end() {
        if (isShown && isLive()) {
            out.print(LINE_BEGIN + ERASE_TO_LINE_END);
            out.flush();
        }
    }
}
