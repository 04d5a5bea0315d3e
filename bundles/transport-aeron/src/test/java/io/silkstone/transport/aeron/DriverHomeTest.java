package io.silkstone.transport.aeron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DriverHomeTest {
    private static final String ENDPOINT = "127.0.0.1:7700";

    @TempDir Path directory;
    private DriverHome home;

    @BeforeEach
    void publish() throws IOException {
        home = new DriverHome(directory, new SplittableRandom(1));
        home.nextDriver();
        home.publish(ENDPOINT);
    }

    /** Makes a home look like that of a process in another container. */
    static void moveToAnotherNamespace(Path home, String driver) throws IOException {
        Path file = home.resolve("owner");
        List<String> lines = Files.readAllLines(file);
        lines.set(3, "pid:[1]");
        lines.set(4, driver);
        Files.write(file, lines);
    }

    @Test
    void at_endpointOfThisUsersProcess_isFound() {
        assertThat(DriverHome.at(directory, ENDPOINT).orElseThrow().token())
                .isEqualTo(home.token());
        assertThat(DriverHome.at(directory, "127.0.0.1:7701")).isEmpty();
    }

    @Test
    void at_homeOfAnotherNamespace_isNotTaken() throws IOException {
        moveToAnotherNamespace(home.path(), "driver-1");
        assertThat(DriverHome.at(directory, ENDPOINT)).isEmpty();
        assertThat(DriverHome.owner(home.path())).isPresent();
    }

    @Test
    void at_homeOfAnotherUser_isNotTaken() throws IOException {
        assumeThat(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))
                .as("only root can give files away")
                .isEqualTo(0);
        Files.setAttribute(home.path(), "unix:uid", 4711);
        assertThat(DriverHome.at(directory, ENDPOINT)).isEmpty();
        assertThat(DriverHome.owner(home.path())).isPresent();
    }

    @Test
    void home_ofADeadProcessOfAnyVersion_isRemoved() throws IOException {
        Path file = home.path().resolve("owner");
        List<String> lines = Files.readAllLines(file);
        for (int version = 4; version <= 7; version++) {
            Path old = Files.createDirectory(directory.resolve("silkstone-aeron-1-" + version));
            List<String> written = new ArrayList<>(lines);
            written.set(1, Integer.toString(Integer.MAX_VALUE));
            written.add("what a later version adds");
            Files.write(old.resolve("owner"), written.subList(0, version));
            Files.createDirectory(old.resolve("driver-1"));
        }
        Path unknown = Files.createDirectory(directory.resolve("silkstone-aeron-1-unknown"));
        Files.writeString(unknown.resolve("owner"), "1\n");

        assertThat(new DriverHome(directory, new SplittableRandom(2)).path()).doesNotExist();

        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).containsExactlyInAnyOrder(home.path(), unknown);
        }
    }
}
