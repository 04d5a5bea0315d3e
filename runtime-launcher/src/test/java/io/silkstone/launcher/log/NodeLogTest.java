package io.silkstone.launcher.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeLogTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678Z");

    @TempDir Path logs;
    private final ByteArrayOutputStream console = new ByteArrayOutputStream();
    private final NodeLog log =
            new NodeLog(new PrintStream(console), Clock.fixed(NOW, ZoneOffset.UTC));

    private Path file() {
        return logs.resolve("silkstone.log");
    }

    @Test
    void write_beforeOpen_warningsReachTheConsole() {
        log.write(Level.INFO, "store", "quiet", null);
        log.write(Level.WARNING, "store", "loud", null);
        assertThat(console).hasToString("WARNING store: loud\n");
    }

    @Test
    void write_levels_fileTakesItsOwn() throws IOException {
        log.open(logs, Level.INFO);
        log.write(Level.DEBUG, "store", "detail", null);
        log.write(Level.INFO, "store", "fact", null);
        log.write(Level.ERROR, "store", "fault", null);
        assertThat(file())
                .hasContent(
                        "2026-01-02T03:04:05.678Z INFO store: fact\n"
                                + "2026-01-02T03:04:05.678Z ERROR store: fault\n");
        assertThat(console).hasToString("ERROR store: fault\n");
    }

    @Test
    void write_withThrowable_consoleGetsOneLineAndTheFileTheTrace() throws IOException {
        log.open(logs, Level.INFO);
        log.write(Level.ERROR, "gateway", "no socket", new IOException("port is\n taken"));
        assertThat(console).hasToString("ERROR gateway: no socket (port is | taken)\n");
        assertThat(file())
                .content()
                .contains("java.io.IOException", "\tat " + getClass().getName());
    }

    @Test
    void write_withWrappedThrowable_saysTheInnermostCause() {
        log.write(Level.ERROR, "scr", "failed", new IllegalStateException(new IOException("why")));
        assertThat(console).hasToString("ERROR scr: failed (why)\n");
    }

    @Test
    void holdConsole_messages_comeOutWhenReleased() throws IOException {
        log.open(logs, Level.INFO);
        log.holdConsole();
        log.write(Level.ERROR, "store", "first", null);
        assertThat(console).hasToString("");
        assertThat(file()).content().contains("first");
        log.releaseConsole();
        log.write(Level.ERROR, "store", "second", null);
        assertThat(console).hasToString("ERROR store: first\nERROR store: second\n");
    }

    @Test
    void remember_error_isNotOnTheConsole() throws IOException {
        log.remember("launcher", "before open", null);
        log.open(logs, Level.INFO);
        log.remember("launcher", "refused", new IllegalStateException("why"));
        assertThat(console).hasToString("");
        assertThat(file()).content().contains("ERROR launcher: refused", "IllegalStateException");
        assertThat(file()).content().doesNotContain("before open");
    }

    @Test
    void write_fullFile_isRotatedAndOldOnesAreDropped() throws IOException {
        byte[] full = new byte[(int) NodeLog.FILE_BYTES_MAX];
        for (int round = 0; round < NodeLog.OLD_FILES_MAX + 2; round++) {
            Files.write(file(), full);
            log.open(logs, Level.INFO);
            log.write(Level.INFO, "round", Integer.toString(round), null);
            log.close();
        }
        assertThat(file()).content().contains("round: 5");
        assertThat(logs.toFile().list())
                .containsExactlyInAnyOrder(
                        "silkstone.log",
                        "silkstone.1.log",
                        "silkstone.2.log",
                        "silkstone.3.log",
                        "silkstone.4.log");
    }

    @Test
    void finder_loggerOfThePlatform_isOurs() {
        System.Logger logger = System.getLogger("some.name");
        assertThat(logger.getClass().getName()).startsWith(NodeLoggerFinder.class.getName());
        assertThat(logger.isLoggable(Level.WARNING)).isTrue();
        assertThat(logger.isLoggable(Level.DEBUG)).isFalse();
    }
}
