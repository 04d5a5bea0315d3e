package io.silkstone.osgi;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.NodeProcess;
import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * How {@code ./silkstone test} judges what a build left behind. The build itself is a script of
 * this test that leaves the reports of the case, since a real one runs these tests.
 */
class TestCommandTest {
    private static final String REPORTS = "module/target/surefire-reports";

    private final Workplace workplace = new Workplace("test-command");
    private final Path top = workplace.folder();

    @BeforeEach
    void copyTheScript() throws IOException {
        Path checkout = NodeProcess.checkout();
        for (String file : List.of("silkstone", ".mvn/find-jdk.sh")) {
            Files.createDirectories(top.resolve(file).getParent());
            Files.copy(
                    checkout.resolve(file), top.resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
        }
        suite("a.FirstTest");
    }

    @AfterEach
    void close() {
        workplace.close();
    }

    private void suite(String name) throws IOException {
        Path source = top.resolve("module/src/test/java/" + name.replace('.', '/') + ".java");
        Files.createDirectories(source.getParent());
        Files.writeString(source, "");
    }

    private static String report(String suite, int tests, int errors, int skipped, int failures) {
        return """
               cat >%s/TEST-%s.xml <<'END'
               <testsuite name="x" time="1" tests="%d" errors="%d" skipped="%d" failures="%d">
               %s</testsuite>
               END
               """
                .formatted(
                        REPORTS,
                        suite,
                        tests,
                        errors,
                        skipped,
                        failures,
                        "<testcase name=\"t\"/>\n".repeat(tests));
    }

    private Tool.Outcome test(String... build) throws IOException, InterruptedException {
        Path maven = top.resolve("mvnw");
        Files.writeString(maven, "#!/bin/sh\nmkdir -p " + REPORTS + "\n" + String.join("", build));
        assertThat(maven.toFile().setExecutable(true)).isTrue();
        return Tool.run(
                workplace,
                top,
                Duration.ofMinutes(2),
                List.of(top.resolve("silkstone").toString(), "test"));
    }

    private static String lastLine(Tool.Outcome outcome) {
        return outcome.output().lines().reduce("", (before, line) -> line);
    }

    @Test
    void test_everythingPassed_isZero() throws Exception {
        suite("a.b.SecondTest");
        Tool.Outcome outcome =
                test(report("a.FirstTest", 3, 0, 1, 0), report("a.b.SecondTest", 2, 0, 0, 0));
        assertThat(lastLine(outcome)).isEqualTo("4 passed, 0 failed");
        assertThat(outcome.exit()).as(outcome.output()).isZero();
    }

    @Test
    void test_failuresAndErrors_areCountedAndFail() throws Exception {
        Tool.Outcome outcome = test(report("a.FirstTest", 5, 1, 0, 1), "exit 1\n");
        assertThat(lastLine(outcome)).isEqualTo("3 passed, 2 failed");
        assertThat(outcome.exit()).isEqualTo(1);
    }

    @Test
    void test_suiteThatRanNothing_failsAndIsNamed() throws Exception {
        suite("a.SilentTest");
        Tool.Outcome outcome =
                test(report("a.FirstTest", 5, 0, 0, 0), report("a.SilentTest", 0, 0, 0, 0));
        assertThat(outcome.output()).contains("silkstone: a.SilentTest ran no test.");
        assertThat(lastLine(outcome)).isEqualTo("5 passed, 1 failed");
        assertThat(outcome.exit()).isEqualTo(1);
    }

    @Test
    void test_nestedSuites_countForTheirClass() throws Exception {
        Tool.Outcome outcome = test(report("a.FirstTest$Inner", 2, 0, 0, 0));
        assertThat(lastLine(outcome)).isEqualTo("2 passed, 0 failed");
        assertThat(outcome.exit()).isZero();
    }

    @Test
    void test_buildFailedBesideTheTests_fails() throws Exception {
        Tool.Outcome outcome = test(report("a.FirstTest", 5, 0, 0, 0), "exit 1\n");
        assertThat(lastLine(outcome)).isEqualTo("5 passed, 1 failed");
        assertThat(outcome.exit()).isEqualTo(1);
    }

    @Test
    void test_reportsOfAnEarlierRun_doNotCount() throws Exception {
        Path reports = Files.createDirectories(top.resolve(REPORTS));
        Files.writeString(
                reports.resolve("TEST-a.OldTest.xml"), "<testsuite tests=\"9\" failures=\"9\">");
        Tool.Outcome outcome = test(report("a.FirstTest", 1, 0, 0, 0));
        assertThat(lastLine(outcome)).isEqualTo("1 passed, 0 failed");
    }
}
