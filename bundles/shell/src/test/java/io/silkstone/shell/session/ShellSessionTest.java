package io.silkstone.shell.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.LineDisciplineTerminal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class ShellSessionTest {
    private static final Path HERE = Path.of("").toAbsolutePath();

    private final Gogo gogo = new Gogo();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private ShellSession session;

    @BeforeEach
    void open() throws Exception {
        session = open(out);
    }

    private ShellSession open(OutputStream output) throws IOException {
        return open(Terminal.TYPE_DUMB, output);
    }

    private ShellSession open(String type, OutputStream output) throws IOException {
        Terminal plain = new LineDisciplineTerminal("test", type, output, StandardCharsets.UTF_8);
        return new ShellSession(
                gogo.processor,
                plain,
                new PrintStream(output, true),
                new PrintStream(err, true),
                HERE);
    }

    /** Output that stops in the middle of a write until its thread is interrupted. */
    private static final class Stuck extends ByteArrayOutputStream {
        volatile Runnable onWrite = () -> {};

        void untilInterruptedAfter(Runnable action) {
            onWrite =
                    () -> {
                        onWrite = () -> {};
                        action.run();
                        try {
                            new CountDownLatch(1).await();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    };
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            onWrite.run();
            super.write(bytes, offset, length);
        }
    }

    @AfterEach
    void close() {
        session.close();
        gogo.close();
    }

    private void assertRun(String line, int code, String output, String errors) {
        assertThat(session.run(line)).as(err.toString(StandardCharsets.UTF_8)).isEqualTo(code);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(output);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo(errors);
    }

    @Test
    void run_aCommand_showsItsAnswer() {
        assertRun("city:list", 0, "NAME\nUlm\nBonn\n", "");
    }

    @Test
    void run_aCommandThatTakesLong_showsHowFarItIsLineByLine() {
        assertRun("test:steps", 0, "one\ntwo\nwritten\n", "");
        out.reset();
        assertRun("test:steps | grep t", 0, "two\nwritten\n", "");
        out.reset();
        assertRun("test:steps --json", 0, "[\"written\"]\n", "");
    }

    @Test
    void run_aCommandThatTakesLong_onATerminal_rewritesALine() throws Exception {
        session.close();
        session = open("xterm", out);
        assertRun("test:steps", 0, "\rone\033[K\rtwo\033[K\r\033[Krewritten\n", "");
        out.reset();
        assertRun("test:steps | cat", 0, "one\ntwo\nwritten\n", "");
    }

    @Test
    void run_severalCommands_showsEachAnswer() {
        assertRun("city:list; city:found harbour Kiel", 0, "NAME\nUlm\nBonn\nFounded Kiel\n", "");
    }

    @Test
    void run_aPipe_worksOnTheAnswer() {
        assertRun("city:list | grep Ulm", 0, "Ulm\n", "");
    }

    @Test
    void run_aPipeThatFindsNothing_fails() {
        assertRun("city:list | grep Rom", 1, "", "");
    }

    @Test
    void run_aPipeWhoseFirstPartFails_failsWithItsSentence() {
        assertThat(session.run("city:found | cat")).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("city:found needs KIND; usage: ")
                .hasLineCount(1);
    }

    @ParameterizedTest
    @CsvSource({"head -1, NAME", "head -n 1, NAME", "tail -1, Bonn"})
    void run_headAndTail_countAsFingersType(String tool, String kept) {
        assertRun("city:list | " + tool, 0, kept + "\n", "");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tail nosuch | tail: There is no file nosuch.",
                "sleep x | sleep takes a number; `sleep --help` shows where.",
                "head -x | head: invalid option 'x'",
            })
    void run_aToolCalledWrongly_failsWithASentence(String line, String sentence) {
        assertRun(line, 1, "", sentence + "\n");
    }

    @Test
    void run_aFailedPipeAndMore_runsTheRestAndFails() {
        assertRun(
                "city:list | grep Rom; city:list | grep Ulm",
                1,
                "Ulm\n",
                "`city:list | grep Rom` failed.\n");
    }

    @Test
    void run_aFailedPipeAndExit_failsToo() {
        assertRun("city:list | grep Rom; exit", 1, "", "");
    }

    @Test
    void run_anUnknownCommand_saysSo() {
        assertRun("city:nix", 1, "", "There is no command 'city:nix'; `help` lists them.\n");
    }

    @Test
    void run_aBrokenLine_saysSo() {
        assertThat(session.run("city:list | { ")).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("The line is not complete")
                .hasLineCount(1);
    }

    @Test
    void run_afterAFailure_doesNotRunTheRest() {
        assertRun(
                "city:nix; city:list",
                1,
                "",
                "There is no command 'city:nix'; `help` lists them.\n");
    }

    @Test
    void run_afterAFailedLine_worksAgain() {
        session.run("city:nix");
        assertThat(session.run("city:list")).isZero();
    }

    @ParameterizedTest
    @CsvSource({"007, Founded 007", "1e3, Founded 1e3", "true, Founded true", "null, Founded null"})
    void run_withWordsThatLookLikeOtherTypes_keepsThem(String word, String answer) {
        assertRun("city:found harbour " + word, 0, answer + "\n", "");
    }

    @Test
    void run_withAStar_doesNotLookForFiles() {
        assertRun("city:found harbour user:*", 0, "Founded user:*\n", "");
    }

    @Test
    void run_withVariables_remembersThem() {
        session.run("name = Kiel");
        out.reset();
        assertRun("city:found harbour $name", 0, "Founded Kiel\n", "");
    }

    @Test
    void run_withRows_givesDataToScripts() {
        assertRun("((city:list) rows) size", 0, "2\n", "");
    }

    @Test
    void run_inADirectory_passesItOn() {
        assertRun("city:plan x", 0, HERE + "\n", "");
    }

    @Test
    void interrupt_ofARunningCommand_endsIt() throws Exception {
        Thread operator =
                Thread.startVirtualThread(
                        () -> {
                            awaitHanging();
                            session.interrupt();
                        });
        assertThat(session.run("test:hang")).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("Interrupted.\n");
        assertThat(gogo.awaitInterrupted()).isTrue();
        operator.join();
    }

    @Test
    void interrupt_betweenTwoStatements_endsTheLine() {
        gogo.afterNextAnswer(session::interrupt);
        assertThat(session.run("test:mark; test:hang")).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("Interrupted.\n");
        assertThat(session.run("city:list")).isZero();
    }

    @Test
    void interrupt_atAnyTime_leavesASessionThatWorks() throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        Thread operator =
                Thread.startVirtualThread(
                        () -> {
                            while (!done.get()) {
                                session.interrupt();
                                Thread.yield();
                            }
                        });
        for (int round = 0; round < 100; round++) {
            session.run("city:list; city:list | grep Ulm");
        }
        done.set(true);
        operator.join();
        session.run("city:list");
        session.run("name = Kiel");
        out.reset();
        err.reset();
        assertRun("echo $name; city:list | grep Ulm", 0, "Kiel\nUlm\n", "");
    }

    @Test
    void interrupt_whileAJobWrites_keepsTheSession() throws Exception {
        Stuck output = new Stuck();
        try (ShellSession other = open(output)) {
            other.run("name = Kiel");
            output.untilInterruptedAfter(other::interrupt);
            assertThat(other.run("echo long")).isEqualTo(1);
            output.reset();
            assertThat(other.run("echo $name")).isZero();
            assertThat(output.toString(StandardCharsets.UTF_8)).isEqualTo("Kiel\n");
        }
    }

    @Test
    void close_whileACommandRuns_endsIt() throws Exception {
        Thread operator =
                Thread.startVirtualThread(
                        () -> {
                            awaitHanging();
                            session.close();
                        });
        assertThat(session.run("test:hang")).isEqualTo(1);
        assertThat(gogo.awaitInterrupted()).isTrue();
        operator.join();
    }

    private void awaitHanging() {
        try {
            assertThat(gogo.awaitHanging()).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void catalogRemove_ofAScope_withdrawsItsCommands() {
        gogo.catalog.close();
        assertThat(gogo.catalog.commands()).isEmpty();
        assertRun("city:list", 1, "", "There is no command 'city:list'; `help` lists them.\n");
    }

    @Test
    void exit_leavesTheRestOfTheLine() throws Exception {
        assertRun("echo one; exit; echo two", 0, "one\n", "");
        assertThat(session.left()).isTrue();
        assertRun("exit", 0, "one\n", "");
        assertRun("echo three", 0, "one\nthree\n", "");
        assertThat(session.left()).isFalse();
    }
}
