package io.silkstone.threads.kernel;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;

/**
 * Virtual threads whose scheduler is ours. The JDK has the constructor, but keeps it to its tests,
 * so it takes reflection and {@code --add-opens java.base/java.lang=ALL-UNNAMED}; {@link #open}
 * says what is missing. The scheduler gets a thread's continuation whenever that may go on, and
 * runs it on a platform thread.
 */
public final class VirtualThreads {
    private static final String BUILDER = "java.lang.ThreadBuilders$VirtualThreadBuilder";
    private static final String SOCKET_POLLER = "sun.nio.ch.Poller";

    private final Constructor<?> builder;
    private final Executor defaultScheduler;

    private VirtualThreads(Constructor<?> builder, Executor defaultScheduler) {
        this.builder = builder;
        this.defaultScheduler = defaultScheduler;
    }

    /**
     * Opens the way to the constructor and tries it.
     *
     * @throws UnsupportedOperationException when this JDK refuses; the message is a sentence for
     *     the operator
     */
    public static VirtualThreads open() {
        try {
            Constructor<?> builder = Class.forName(BUILDER).getDeclaredConstructor(Executor.class);
            builder.setAccessible(true);
            Field scheduler =
                    Class.forName("java.lang.VirtualThread").getDeclaredField("DEFAULT_SCHEDULER");
            scheduler.setAccessible(true);
            VirtualThreads threads = new VirtualThreads(builder, (Executor) scheduler.get(null));
            onPlatformThread(
                    () -> {
                        threads.tryOut();
                        startSocketPollers();
                        return null;
                    });
            return threads;
        } catch (Exception e) {
            throw new UnsupportedOperationException(
                    "this JDK lets nobody schedule virtual threads"
                            + " (start it with --add-opens java.base/java.lang=ALL-UNNAMED): "
                            + e.getMessage(),
                    e);
        }
    }

    /** A continuation runs on a platform thread only, whatever thread our caller is. */
    private static void onPlatformThread(Callable<Void> trial) throws Exception {
        FutureTask<Void> task = new FutureTask<>(trial);
        Thread thread = Thread.ofPlatform().daemon().name("silkstone-threads-trial-0").start(task);
        thread.join();
        task.get();
    }

    private void tryOut() {
        Runnable[] continuation = new Runnable[1];
        boolean[] ran = new boolean[1];
        Thread trial =
                unstarted(
                        "silkstone-threads-trial",
                        run -> continuation[0] = run,
                        () -> ran[0] = true);
        trial.start();
        continuation[0].run();
        if (!ran[0]) {
            throw new UnsupportedOperationException("the trial thread did not run");
        }
    }

    /**
     * The JDK starts its socket pollers at the first blocking read on a virtual thread, and they
     * would inherit that thread's scheduler: ours, which may close while the JVM goes on. Started
     * from a platform thread they get the JDK's own.
     */
    private static void startSocketPollers() throws ClassNotFoundException {
        Class.forName(SOCKET_POLLER, true, null);
    }

    /** A virtual thread, not started, whose continuation goes to {@code scheduler}. */
    public Thread unstarted(String name, Executor scheduler, Runnable body) {
        try {
            Thread.Builder.OfVirtual made =
                    (Thread.Builder.OfVirtual) builder.newInstance(scheduler);
            return made.name(name).inheritInheritableThreadLocals(false).unstarted(body);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The scheduler of ordinary virtual threads. */
    public Executor defaultScheduler() {
        return defaultScheduler;
    }
}
