package io.silkstone.redissuite;

import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Redis's test-suite, from Debian's source package. It is fetched once with apt-get in a private
 * apt directory, so that the machine's own package lists stay as they are and Debian's signature is
 * checked, and kept unpacked in the user's cache. It is Redis's work under its BSD licence and is
 * never part of this repository.
 */
final class SuiteSource {
    /** The version whose suite is run. */
    static final String VERSION = "7.0.15";

    private static final String KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
    private static final String MIRROR = "http://deb.debian.org/debian";
    private static final String SUITE = "bookworm";
    private static final Duration STEP_MAX = Duration.ofMinutes(3);

    private final Workplace workplace;
    private String absence = "";

    SuiteSource(Workplace workplace) {
        this.workplace = workplace;
    }

    /** The folder that holds {@code tests}; empty when it cannot be had, and {@link #absence}. */
    Optional<Path> folder() throws IOException, InterruptedException {
        Path kept = cache().resolve("redis-" + VERSION);
        if (Files.exists(kept.resolve("tests/test_helper.tcl"))) {
            return Optional.of(kept);
        }
        Optional<Path> archive = fetch();
        if (archive.isEmpty()) {
            return Optional.empty();
        }
        return unpack(archive.get(), kept);
    }

    /** Why there is no suite, one sentence. */
    String absence() {
        return absence;
    }

    private static Path cache() throws IOException {
        String home = System.getenv("XDG_CACHE_HOME");
        Path base =
                home == null || home.isBlank()
                        ? Path.of(System.getProperty("user.home"), ".cache")
                        : Path.of(home);
        return Files.createDirectories(base.resolve("silkstone"));
    }

    private Optional<Path> fetch() throws IOException, InterruptedException {
        Optional<Tool> apt = Tool.find("apt-get");
        if (apt.isEmpty() || !Files.exists(Path.of(KEYRING))) {
            return absent("apt-get or Debian's keyring is not installed here");
        }
        Path home = workplace.newFolder("apt");
        for (String each : List.of("state/lists/partial", "cache/archives/partial", "source")) {
            Files.createDirectories(home.resolve(each));
        }
        Files.writeString(
                home.resolve("sources.list"),
                "deb-src [signed-by=" + KEYRING + "] " + MIRROR + " " + SUITE + " main\n");
        for (List<String> step :
                List.of(
                        List.of("update", "-q"),
                        List.of("source", "--download-only", "-q", "redis"))) {
            List<String> command = apt.get().with(settings(home));
            command.addAll(step);
            Tool.Outcome outcome = Tool.run(workplace, home.resolve("source"), STEP_MAX, command);
            if (!outcome.succeeded()) {
                return absent("apt-get " + step.get(0) + " failed: " + lastLine(outcome.output()));
            }
        }
        Path archive = home.resolve("source/redis_" + VERSION + ".orig.tar.gz");
        return Files.exists(archive)
                ? Optional.of(archive)
                : absent(MIRROR + " has no Redis " + VERSION + " any more");
    }

    private static String[] settings(Path home) {
        List<String> settings = new ArrayList<>();
        for (String each :
                List.of(
                        "Dir::Etc::sourcelist=" + home.resolve("sources.list"),
                        "Dir::Etc::sourceparts=/dev/null",
                        "Dir::State=" + home.resolve("state"),
                        "Dir::State::status=/dev/null",
                        "Dir::Cache=" + home.resolve("cache"),
                        // The private directory belongs to this user alone, not to "_apt".
                        "APT::Sandbox::User=" + System.getProperty("user.name"))) {
            settings.add("-o");
            settings.add(each);
        }
        return settings.toArray(String[]::new);
    }

    private Optional<Path> unpack(Path archive, Path kept)
            throws IOException, InterruptedException {
        Optional<Tool> tar = Tool.find("tar");
        if (tar.isEmpty()) {
            return absent("tar is not installed here");
        }
        Path fresh = Files.createTempDirectory(kept.getParent(), "unpack-");
        List<String> command =
                tar.get()
                        .with(
                                "-xzf",
                                archive.toString(),
                                "-C",
                                fresh.toString(),
                                "--strip-components=1",
                                "--wildcards",
                                "*/tests",
                                "*/COPYING");
        Tool.Outcome outcome = Tool.run(workplace, fresh, STEP_MAX, command);
        if (!outcome.succeeded()) {
            return absent("tar failed: " + lastLine(outcome.output()));
        }
        try {
            // By renaming, so that two runs at a time never see half of it.
            Files.move(fresh, kept, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            if (!Files.exists(kept.resolve("tests/test_helper.tcl"))) {
                throw e;
            }
        }
        return Optional.of(kept);
    }

    private Optional<Path> absent(String reason) {
        absence = reason;
        return Optional.empty();
    }

    private static String lastLine(String output) {
        try (Stream<String> lines = output.lines()) {
            return lines.filter(line -> !line.isBlank()).reduce((a, b) -> b).orElse("no output");
        }
    }
}
