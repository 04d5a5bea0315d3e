package io.silkstone.shell.session;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.felix.gogo.jline.Shell;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Converter;
import org.apache.felix.service.command.Job;
import org.apache.felix.service.command.JobListener;
import org.jline.terminal.Terminal;

/**
 * One operator's session with gogo: variables, a directory, and lines that are run one after the
 * other. The answer of every statement of a line is shown, not only the last one's.
 *
 * <p>{@link #run} is called by one thread; {@link #interrupt} and {@link #close} by any.
 */
public final class ShellSession implements AutoCloseable {
    /** A line worked. */
    public static final int DONE = 0;

    /** A line, or a part of it, did not work. */
    public static final int FAILED = 1;

    private static final String SCOPES = "silkstone:gogo:*";
    private static final String PIPE_FAILURE = "pipe-exception";

    private final CommandSession session;
    private final PrintStream out;
    private final PrintStream err;
    private volatile boolean lastJobFailed;

    /**
     * Opens a session.
     *
     * @param terminal what commands like {@code grep} ask whether and how to use colours
     * @param directory where relative paths count from
     */
    public ShellSession(
            CommandProcessor processor,
            Terminal terminal,
            PrintStream out,
            PrintStream err,
            Path directory) {
        this.out = out;
        this.err = new PrintStream(new PipeErrors(err), true, StandardCharsets.UTF_8);
        this.session = processor.createSession(InputStream.nullInputStream(), out, this.err);
        session.currentDir(directory);
        session.put(Shell.VAR_SCOPE, SCOPES);
        session.put(Shell.VAR_TERMINAL, terminal);
        session.put(Shell.VAR_PROCESSOR, processor);
        session.put(Shell.VAR_SESSION, session);
        // A star in `kv:scan user:*` is meant for the store, not for the files around.
        session.put(CommandSession.OPTION_NO_GLOB, true);
        session.setJobListener(new AnswerPrinter());
    }

    /** Shows the answer of each statement when it is done, whatever statements follow it. */
    private final class AnswerPrinter implements JobListener {
        @Override
        public void jobChanged(Job job, Job.Status previous, Job.Status current) {
            if (current != Job.Status.Done || job.parent() != null || job.result() == null) {
                return;
            }
            boolean pipeFailed = session.get(PIPE_FAILURE) != null;
            lastJobFailed = pipeFailed || !job.result().isSuccess();
            Object answer = job.result().result();
            if (answer != null) {
                session.put(Shell.VAR_RESULT, answer);
                out.println(session.format(answer, Converter.INSPECT));
            }
        }
    }

    /** Takes off what gogo puts before the sentence of a part of a pipe that failed. */
    private static final class PipeErrors extends FilterOutputStream {
        private static final Pattern PREFIX = Pattern.compile("^gogo: \\w+: ");

        PipeErrors(OutputStream err) {
            super(err);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            String text = new String(bytes, offset, length, StandardCharsets.ISO_8859_1);
            Matcher prefix = PREFIX.matcher(text);
            int skipped = prefix.find() ? prefix.end() : 0;
            out.write(bytes, offset + skipped, length - skipped);
        }
    }

    /**
     * Runs {@code line} and shows what it gives; what goes wrong is one sentence on the error
     * stream, and the rest of the line is not run.
     *
     * @return {@link #DONE}, or {@link #FAILED} when the line broke off, or any part of its last
     *     pipe failed
     */
    public int run(String line) {
        lastJobFailed = false;
        try {
            session.execute(line);
            awaitForeground();
        } catch (Exception e) {
            err.println(Sentences.of(e));
            return FAILED;
        } finally {
            out.flush();
            err.flush();
        }
        return lastJobFailed ? FAILED : DONE;
    }

    /** Ends the command that runs now, if there is one. */
    public void interrupt() {
        Job job = session.foregroundJob();
        if (job != null) {
            job.interrupt();
        }
    }

    /** Ends everything that runs in this session, and the session. */
    @Override
    public void close() {
        session.close();
    }

    CommandSession gogo() {
        return session;
    }

    /** A job that `fg` brought back is waited for like one that was started here. */
    private void awaitForeground() throws InterruptedException {
        for (Job job = session.foregroundJob(); job != null; job = session.foregroundJob()) {
            synchronized (job) {
                while (job.status() == Job.Status.Foreground) {
                    job.wait();
                }
            }
        }
    }
}
