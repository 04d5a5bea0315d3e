package io.silkstone.benchmarks.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The threads of a JVM that compile, as Linux shows them. */
final class Compilers {
    private Compilers() {}

    /** CPU time that they have used in process {@code pid}; 0 for one without a JVM. */
    static double cpuSeconds(long pid) {
        try (Stream<Path> threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
            return threads.filter(Compilers::compiles).mapToDouble(Compilers::nanos).sum() / 1e9;
        } catch (IOException | UncheckedIOException e) {
            return 0;
        }
    }

    private static boolean compiles(Path thread) {
        return read(thread.resolve("comm")).matches("C[12] Compiler.*");
    }

    private static double nanos(Path thread) {
        List<String> fields = List.of(read(thread.resolve("schedstat")).split(" "));
        return fields.size() < 3 ? 0 : Double.parseDouble(fields.getFirst());
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
