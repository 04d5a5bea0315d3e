package io.silkstone.gateway.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the kernel knows of this process.
 *
 * @param userSeconds processor time spent in the process's own code
 * @param systemSeconds processor time that the kernel spent for it
 * @param residentBytes its memory that is in RAM
 */
record ProcessFigures(double userSeconds, double systemSeconds, long residentBytes) {
    private static final Path STAT = Path.of("/proc/self/stat");
    private static final Path STATUS = Path.of("/proc/self/status");

    /** The unit of times in /proc, on every architecture that the JVM runs on. */
    private static final double TICKS_A_SECOND = 100;

    /** Places in stat, counted behind the name of the program, which may hold anything. */
    private static final int USER_TICKS = 11;

    private static final int SYSTEM_TICKS = 12;
    private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");

    /** The figures now, or null where there is no /proc. */
    static ProcessFigures read() {
        try {
            String stat = Files.readString(STAT, StandardCharsets.ISO_8859_1);
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            Matcher resident =
                    RESIDENT.matcher(Files.readString(STATUS, StandardCharsets.ISO_8859_1));
            if (!resident.find()) {
                return null;
            }
            return new ProcessFigures(
                    Long.parseLong(fields[USER_TICKS]) / TICKS_A_SECOND,
                    Long.parseLong(fields[SYSTEM_TICKS]) / TICKS_A_SECOND,
                    Long.parseLong(resident.group(1)) << 10);
        } catch (IOException noSuchKernel) {
            return null;
        }
    }
}
