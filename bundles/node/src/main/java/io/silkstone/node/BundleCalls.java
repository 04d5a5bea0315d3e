package io.silkstone.node;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * Calls that run code of bundles, such as constructors and activators, and so may never return.
 * Each is made on a thread of its own and awaited for a limited time; one that takes longer is left
 * behind together with its thread, and the caller goes on. Threads: any.
 */
public final class BundleCalls {
    private final ThreadFactory threads;

    /**
     * @param threads makes a thread for each call
     */
    public BundleCalls(ThreadFactory threads) {
        this.threads = threads;
    }

    /**
     * The result of {@code call}, awaited for {@code limitMs}.
     *
     * @param late gets a result that came after that, on the call's own thread
     * @throws TimeoutException when there is none in time; the call is interrupted
     * @throws InterruptedException when the caller is interrupted; so is the call
     * @throws ExecutionException when the call threw
     */
    public <T> T get(Callable<T> call, Consumer<T> late, long limitMs)
            throws TimeoutException, InterruptedException, ExecutionException {
        CompletableFuture<T> answer = new CompletableFuture<>();
        Thread thread =
                threads.newThread(
                        () -> {
                            T result;
                            try {
                                result = call.call();
                            } catch (Throwable failure) {
                                answer.completeExceptionally(failure);
                                return;
                            }
                            if (!answer.complete(result)) {
                                late.accept(result);
                            }
                        });
        thread.start();
        try {
            return answer.get(limitMs, TimeUnit.MILLISECONDS);
        } catch (TimeoutException | InterruptedException over) {
            if (answer.completeExceptionally(over)) {
                thread.interrupt();
                throw over;
            }
            // It ended just now.
            return answer.get();
        }
    }

    /**
     * Makes a call that takes something down, and is never interrupted at that.
     *
     * @return whether it ended within {@code limitMs}; otherwise it goes on by itself
     */
    public boolean finish(Runnable call, long limitMs) {
        Thread thread = threads.newThread(call);
        thread.start();
        try {
            return thread.join(Duration.ofMillis(limitMs));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
