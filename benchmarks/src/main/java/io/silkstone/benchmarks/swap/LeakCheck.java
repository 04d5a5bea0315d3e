package io.silkstone.benchmarks.swap;

import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.operator.ControlSession;
import io.silkstone.harness.NodeProcess;
import io.silkstone.harness.ServerMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Installs a policy bundle, has it decide, and removes it, many times over in a living node, and
 * counts the class loaders that are there afterwards and were not before.
 */
final class LeakCheck {
    private static final Pattern BUNDLE_ID = Pattern.compile("Bundle ID: (\\d+)");

    /** Felix's loader of a bundle's classes, by the last part of its class's name. */
    private static final String LOADER = "BundleWiringImpl$BundleClassLoader";

    private static final int SETTLE_ATTEMPTS_MAX = 20;
    private static final long SETTLE_MILLIS = 500;

    private final NodeProcess node;
    private final ControlSession session;

    LeakCheck(NodeProcess node, ControlSession session) {
        this.node = node;
        this.session = session;
    }

    /** Runs {@code cycles} cycles and returns how many loaders stayed behind. */
    long run(int cycles) throws IOException, InterruptedException, BenchmarkFailed {
        Path jar = node.home().resolve("leak-check.jar");
        // Above every version that was dropped in before.
        int number = 1_000_000;
        // One cycle before counting: what is loaded once and stays is no leak.
        cycle(jar, number++);
        long before = ServerMemory.instances(node, LOADER);
        if (before == 0) {
            throw new BenchmarkFailed("the heap shows no " + LOADER + ": nothing is counted");
        }
        for (int cycle = 0; cycle < cycles; cycle++) {
            cycle(jar, number++);
        }
        Files.delete(jar);
        // A loader may be held for a moment by whatever served last; a leak stays.
        long left = ServerMemory.instances(node, LOADER) - before;
        for (int attempt = 0; left > 0 && attempt < SETTLE_ATTEMPTS_MAX; attempt++) {
            Thread.sleep(SETTLE_MILLIS);
            left = ServerMemory.instances(node, LOADER) - before;
        }
        return left;
    }

    private void cycle(Path jar, int number)
            throws IOException, InterruptedException, BenchmarkFailed {
        PolicyJar.write(jar, number);
        String said = session.run("felix:install " + jar.toUri());
        Matcher id = BUNDLE_ID.matcher(said);
        if (!id.find()) {
            throw new BenchmarkFailed("felix:install said no bundle id: " + said);
        }
        session.run("felix:start " + id.group(1));
        session.run("policy:use cores " + PolicyJar.NAME);
        String version = PolicyJar.version(number);
        session.awaitCores(present -> present.version().equals(version), version);
        session.run("felix:uninstall " + id.group(1));
        session.awaitCores(present -> !present.version().equals(version), "not " + version);
    }
}
