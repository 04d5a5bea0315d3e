package io.silkstone.benchmarks.measure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The threads of a JVM that compile, as Linux shows them at some moment. A JVM ends those that are
 * idle, so each is compared with itself.
 */
public final class Compilers {
    private final Map<Path, Double> nanos;

    private Compilers(Map<Path, Double> nanos) {
        this.nanos = nanos;
    }

    /** Those of process {@code pid}; none when it has no JVM. */
    public static Compilers of(long pid) {
        try (Stream<Path> threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
            return new Compilers(
                    threads.filter(Compilers::compiles)
                            .collect(Collectors.toMap(each -> each, Compilers::nanos)));
        } catch (IOException | UncheckedIOException e) {
            return new Compilers(Map.of());
        }
    }

    /** CPU time that they have used since {@code before}. */
    public double secondsSince(Compilers before) {
        double used = 0;
        for (Map.Entry<Path, Double> thread : nanos.entrySet()) {
            used += thread.getValue() - before.nanos.getOrDefault(thread.getKey(), 0.0);
        }
        return Math.max(used, 0) / 1e9;
    }

    /** Whether one of those in {@code before} has ended since, with what it used until then. */
    public boolean lacksAnyOf(Compilers before) {
        // Its number may be another one's now, which has used less.
        return before.nanos.entrySet().stream()
                .anyMatch(each -> nanos.getOrDefault(each.getKey(), -1.0) < each.getValue());
    }

    private static boolean compiles(Path thread) {
        return read(thread.resolve("comm")).matches("C[12] Compiler.*");
    }

    private static double nanos(Path thread) {
        String[] fields = read(thread.resolve("schedstat")).split(" ");
        return fields.length < 3 ? 0 : Double.parseDouble(fields[0]);
    }

    /** Empty when the thread has ended. */
    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
