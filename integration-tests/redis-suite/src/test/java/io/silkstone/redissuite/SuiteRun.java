package io.silkstone.redissuite;

import io.silkstone.harness.Ports;
import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs one file of Redis's test-suite against a server that is already there. */
final class SuiteRun {
    /** Redis itself needs six seconds for its slowest file. */
    private static final Duration FILE_MAX = Duration.ofMinutes(4);

    /** What needs another server, a debug command, or minutes. */
    private static final String TAGS =
            "-needs:debug -needs:repl -needs:save -needs:config-maxmemory -needs:reset"
                    + " -large-memory -slow";

    private static final Pattern COLOUR = Pattern.compile("\u001b\\[[0-9;]*m");
    private static final Pattern VERDICT =
            Pattern.compile("^\\[(ok|err|exception|timeout)\\]:? (.*)$", Pattern.MULTILINE);

    /** What the suite writes behind a test's name. */
    private static final Pattern BEHIND_NAME =
            Pattern.compile(" (\\(\\d+ ms\\)|in tests/\\S+\\.tcl)$");

    private final Workplace workplace;
    private final Tool tclsh;
    private final Path suite;

    /** Uses a copy of the suite in {@code suite}; runs one after the other, for they share it. */
    SuiteRun(Workplace workplace, Tool tclsh, Path suite) throws IOException {
        this.workplace = workplace;
        this.tclsh = tclsh;
        this.suite = SuiteCopy.of(suite, workplace.newFolder("suite"));
    }

    /**
     * What came of one file.
     *
     * @param passed names of the tests that passed
     * @param failed names of those that did not
     * @param finished false when the file was ended for taking too long, or did not reach its end
     * @param output all that the suite wrote
     */
    record Result(List<String> passed, List<String> failed, boolean finished, String output) {}

    /** Runs {@code file}, such as {@code unit/type/string}, against {@code port}. */
    Result run(String file, int port) throws IOException, InterruptedException {
        List<String> command =
                tclsh.with(
                        "tests/test_helper.tcl",
                        "--host",
                        "127.0.0.1",
                        "--port",
                        Integer.toString(port),
                        "--baseport",
                        Integer.toString(Ports.free()),
                        "--clients",
                        "1",
                        // Otherwise the first unknown command ends the file.
                        "--durable",
                        "--singledb",
                        "--ignore-encoding",
                        "--ignore-digest",
                        "--no-latency",
                        "--tags",
                        TAGS,
                        "--single",
                        file);
        Tool.Outcome outcome = Tool.run(workplace, suite, FILE_MAX, command);
        return read(outcome.inTime(), COLOUR.matcher(outcome.output()).replaceAll(""));
    }

    /** Reads the suite's report. */
    static Result read(boolean inTime, String report) {
        List<String> passed = new ArrayList<>();
        List<String> failed = new ArrayList<>();
        Matcher verdicts = VERDICT.matcher(report);
        while (verdicts.find()) {
            String name = BEHIND_NAME.matcher(verdicts.group(2)).replaceFirst("");
            if (verdicts.group(1).equals("ok")) {
                passed.add(name);
            } else {
                failed.add(name);
            }
        }
        return new Result(passed, failed, inTime && report.contains("The End"), report);
    }
}
