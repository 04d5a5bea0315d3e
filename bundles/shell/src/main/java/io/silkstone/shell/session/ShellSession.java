package io.silkstone.shell.session;

import io.silkstone.shell.format.Text;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.felix.gogo.jline.Shell;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Converter;
import org.apache.felix.service.command.Function;
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

    /** Leaves the rest of a line, and the shell where there is one; the node goes on. */
    static final String EXIT = "exit";

    private static final String SCOPES = "silkstone:gogo:*";
    private static final String PIPE_FAILURE = "pipe-exception";

    private final CommandProcessor processor;
    private final PrintStream out;
    private final PrintStream err;
    private final Object runnerLock = new Object();
    private volatile CommandSession session;
    private volatile boolean streamsBroken;
    private volatile boolean closed;
    private final List<String> failedJobs = new CopyOnWriteArrayList<>();
    private volatile int jobsDone;
    private volatile boolean left;
    private volatile Job abandoned;
    private Thread runner;

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
        this.processor = processor;
        this.out = out;
        this.err = err;
        this.session = open();
        session.currentDir(directory);
        session.put(Shell.VAR_SCOPE, SCOPES);
        session.put(Shell.VAR_TERMINAL, terminal);
        session.put(Shell.VAR_PROCESSOR, processor);
        session.put(Shell.VAR_SESSION, session);
        // A star in `kv:scan user:*` is meant for the store, not for the files around.
        session.put(CommandSession.OPTION_NO_GLOB, true);
        session.put(EXIT, (Function) (gogo, none) -> leave());
    }

    private Object leave() throws Left {
        left = true;
        throw new Left();
    }

    /** Breaks off the line that says {@link #EXIT}; nothing is wrong. */
    private static final class Left extends Exception {
        private static final long serialVersionUID = 1;
    }

    /** Whether a line has said {@link #EXIT}. */
    boolean left() {
        return left;
    }

    private CommandSession open() {
        CommandSession opened =
                processor.createSession(
                        InputStream.nullInputStream(),
                        new PrintStream(new JobStream(out), true, StandardCharsets.UTF_8),
                        new PrintStream(new JobErrorStream(err), true, StandardCharsets.UTF_8));
        opened.setJobListener(new AnswerPrinter());
        return opened;
    }

    /** Goes on with fresh streams and the same variables; jobs in the background end. */
    private void renew() {
        CommandSession broken = session;
        CommandSession fresh = open();
        fresh.currentDir(broken.currentDir());
        for (Object name : (Set<?>) broken.get(null)) {
            fresh.put(name.toString(), broken.get(name.toString()));
        }
        fresh.put(Shell.VAR_SESSION, fresh);
        streamsBroken = false;
        session = fresh;
        broken.close();
        if (closed) {
            fresh.close();
        }
    }

    /** Shows the answer of each statement when it is done, whatever statements follow it. */
    private final class AnswerPrinter implements JobListener {
        @Override
        public void jobChanged(Job job, Job.Status previous, Job.Status current) {
            if (current != Job.Status.Done || job.parent() != null || job.result() == null) {
                return;
            }
            if (job == abandoned || left) {
                return;
            }
            jobsDone++;
            if (session.get(PIPE_FAILURE) != null || !job.result().isSuccess()) {
                failedJobs.add(job.command().toString().strip());
            }
            Object answer = job.result().result();
            if (answer != null) {
                session.put(Shell.VAR_RESULT, answer);
                out.println(session.format(answer, Converter.INSPECT));
            }
        }
    }

    /**
     * What jobs write to. Gogo closes it, for good and for all later jobs, when a job is
     * interrupted while it writes; the stream behind it stays open, and the session gets new ones.
     */
    private class JobStream extends FilterOutputStream {
        JobStream(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
        }

        @Override
        public void close() {
            streamsBroken = true;
        }
    }

    /** Takes off what gogo puts before the sentence of a part of a pipe that failed. */
    private final class JobErrorStream extends JobStream {
        private static final Pattern PREFIX = Pattern.compile("^gogo: \\w+: ");

        JobErrorStream(OutputStream err) {
            super(err);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            String text = new String(bytes, offset, length, StandardCharsets.ISO_8859_1);
            Matcher prefix = PREFIX.matcher(text);
            int skipped = prefix.find() ? prefix.end() : 0;
            super.write(bytes, offset + skipped, length - skipped);
        }
    }

    /**
     * Runs {@code line} and shows what it gives. A statement that cannot be done is one sentence on
     * the error stream, and the rest of the line is not run; after a pipe of which a part failed
     * the rest is run, and in the end it is said which statement that was.
     *
     * @return {@link #DONE}, or {@link #FAILED} when any statement or part of a pipe failed
     */
    public int run(String line) {
        if (streamsBroken) {
            renew();
        }
        failedJobs.clear();
        jobsDone = 0;
        left = false;
        setRunner(Thread.currentThread());
        try {
            session.execute(line);
            awaitForeground();
        } catch (Exception e) {
            endForeground();
            if (!left) {
                err.println(Sentences.of(e));
                return FAILED;
            }
        } finally {
            setRunner(null);
            // An interrupt that came too late for this line must not hit the next one.
            Thread.interrupted();
            out.flush();
            err.flush();
        }
        if (jobsDone > 1) {
            // Among the answers of the others it would not be seen.
            failedJobs.forEach(job -> err.println("`" + Text.visible(job) + "` failed."));
        }
        return failedJobs.isEmpty() ? DONE : FAILED;
    }

    /**
     * Ends the line that runs now, if there is one, wherever it is.
     *
     * <p>It interrupts the thread that waits for the line's job, and that thread then ends the job:
     * gogo waits for ever for a job that is interrupted before it has begun.
     */
    public void interrupt() {
        synchronized (runnerLock) {
            if (runner != null) {
                runner.interrupt();
            }
        }
    }

    private void setRunner(Thread thread) {
        synchronized (runnerLock) {
            runner = thread;
        }
    }

    /** Puts a job that nobody waits for any more out of the way, and ends it. */
    private void endForeground() {
        Job job = session.foregroundJob();
        if (job != null) {
            abandoned = job;
            // The job may still be writing, and then closes its streams at any time from now on.
            streamsBroken = true;
            synchronized (job) {
                if (job.status() == Job.Status.Foreground) {
                    job.background();
                }
            }
            job.interrupt();
        }
    }

    /** Ends everything that runs in this session, and the session. */
    @Override
    public void close() {
        closed = true;
        session.close();
        interrupt();
    }

    /** Gogo's part of the session; another one after a job was interrupted while it wrote. */
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
