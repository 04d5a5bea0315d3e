package io.silkstone.threads.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class LinuxProcessorsTest {
    private final LinuxProcessors processors = new LinuxProcessors();

    /** On a thread of its own, since a pinned thread stays pinned. */
    private static <T> T onThread(Supplier<T> body)
            throws ExecutionException, InterruptedException {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> result.complete(body.get()));
        return result.get();
    }

    @Test
    void count_isWhatTheProcessMayUse() {
        assertThat(processors.count()).isEqualTo(processors.affinity().cardinality());
    }

    @Test
    void pin_eachIndex_bindsToAnotherAllowedProcessor() throws Exception {
        BitSet all = processors.affinity();
        BitSet seen = new BitSet();
        for (int index = 0; index < processors.count(); index++) {
            int number = index;
            BitSet bound =
                    onThread(
                            () -> {
                                int processor = processors.pin(number);
                                BitSet affinity = processors.affinity();
                                assertThat(affinity.get(processor)).isTrue();
                                processors.forget();
                                return affinity;
                            });
            assertThat(bound.cardinality()).isEqualTo(1);
            seen.or(bound);
        }
        assertThat(seen).isEqualTo(all);
    }

    @Test
    void freeInheritors_threadOfAPinnedThread_isFreedAndThePinnedOneIsNot() throws Exception {
        BitSet all = processors.affinity();
        BitSet[] after =
                onThread(
                        () -> {
                            processors.pin(0);
                            CompletableFuture<Void> freed = new CompletableFuture<>();
                            CompletableFuture<BitSet> inherited = new CompletableFuture<>();
                            CompletableFuture<BitSet> later = new CompletableFuture<>();
                            Thread.ofPlatform()
                                    .start(
                                            () -> {
                                                inherited.complete(processors.affinity());
                                                freed.join();
                                                later.complete(processors.affinity());
                                            });
                            assertThat(inherited.join().cardinality()).isEqualTo(1);
                            processors.freeInheritors();
                            freed.complete(null);
                            BitSet own = processors.affinity();
                            processors.forget();
                            return new BitSet[] {later.join(), own};
                        });
        assertThat(after[0]).isEqualTo(all);
        assertThat(after[1].cardinality()).isEqualTo(1);
    }

    /** What {@code before} and {@code after} do around the moment when a thread binds itself. */
    private static BitSet boundBySomebodyElse(Runnable before, Runnable after) throws Exception {
        LinuxProcessors somebody = new LinuxProcessors();
        CompletableFuture<Void> start = new CompletableFuture<>();
        CompletableFuture<Void> bound = new CompletableFuture<>();
        CompletableFuture<Void> freed = new CompletableFuture<>();
        CompletableFuture<BitSet> result = new CompletableFuture<>();
        Thread.ofPlatform()
                .start(
                        () -> {
                            start.join();
                            somebody.pin(0);
                            bound.complete(null);
                            freed.join();
                            result.complete(somebody.affinity());
                        });
        before.run();
        start.complete(null);
        bound.join();
        after.run();
        freed.complete(null);
        return result.get();
    }

    private static void useProcessor(LinuxProcessors processors) {
        try {
            onThread(
                    () -> {
                        int processor = processors.pin(0);
                        processors.forget();
                        return processor;
                    });
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void stepBack_threadThatIsNotPinned_isNicerThanThePinnedOne() throws Exception {
        CompletableFuture<Integer> pinned = new CompletableFuture<>();
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread.ofPlatform()
                .start(
                        () -> {
                            processors.pin(0);
                            pinned.complete(callingThread());
                            done.join();
                            processors.forget();
                        });
        CompletableFuture<Integer> collecting = new CompletableFuture<>();
        Thread collector =
                Thread.ofPlatform()
                        .name("GC Thread#99")
                        .start(
                                () -> {
                                    collecting.complete(callingThread());
                                    done.join();
                                });
        int before = niceOf(collecting.join());
        assertThat(before).isLessThan(19);
        int nice = before + 1;
        int pinnedBefore = niceOf(pinned.join());
        assertThat(processors.stepBack(1)).isFalse();
        assertThat(niceOf(callingThread())).isEqualTo(nice);
        assertThat(niceOf(pinned.join())).isEqualTo(pinnedBefore);
        assertThat(niceOf(collecting.join())).isEqualTo(before);
        // One that is started later steps back the next time, unless it has inherited that.
        assertThat(onThread(() -> niceOf(callingThread()))).isEqualTo(nice);
        done.complete(null);
        collector.join();
    }

    private static int callingThread() {
        try {
            Path self = Files.readSymbolicLink(Path.of("/proc/thread-self"));
            return Integer.parseInt(self.getFileName().toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The nineteenth field of its stat file; the second, its name, may have spaces. */
    private static int niceOf(int thread) {
        try {
            String stat = Files.readString(Path.of("/proc/self/task/" + thread + "/stat"));
            return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[16]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void freeInheritors_threadThatWasBoundBefore_staysBound() throws Exception {
        BitSet bound =
                boundBySomebodyElse(
                        () -> {},
                        () -> {
                            LinuxProcessors later = new LinuxProcessors();
                            useProcessor(later);
                            later.freeInheritors();
                        });
        assertThat(bound.cardinality()).isEqualTo(1);
    }

    @Test
    void freeInheritors_threadThatBindsItselfLater_staysBound() throws Exception {
        useProcessor(processors);
        BitSet bound = boundBySomebodyElse(processors::freeInheritors, processors::freeInheritors);
        assertThat(bound.cardinality()).isEqualTo(1);
    }
}
