package io.silkstone.transport.aeron;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * Which process something belongs to, so that others on its host can tell that it is dead long
 * before a time-out does.
 *
 * @param pid its number
 * @param startMillis when it started, since numbers are used again
 * @param namespace whose number that is: containers number their processes each on their own, and
 *     each run of a kernel begins anew
 */
record ProcessIdentity(long pid, long startMillis, String namespace) {
    /** Two processes may compute one start differently when the machine's clock is corrected. */
    private static final long START_TOLERANCE_MS = 10_000;

    private static final Path NAMESPACE = Path.of("/proc/self/ns/pid");
    private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

    private static final Path PROCESSES = Path.of("/proc");

    /** Fields of a process's line, counted from behind its name, which may be anything. */
    private static final int STATE = 0;

    private static final int THREADS = 17;

    /** Belongs to whom the process runs as, also where that user has no name. */
    private static final Path PROCESS = Path.of("/proc/self");

    /** This process. */
    static ProcessIdentity own() {
        ProcessHandle process = ProcessHandle.current();
        return new ProcessIdentity(process.pid(), startMillis(process), ownNamespace());
    }

    /** Whether {@code path} itself is this process's user's; a link is not what it leads to. */
    static boolean owns(Path path) {
        try {
            return Files.getOwner(path, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(PROCESS));
        } catch (IOException | UnsupportedOperationException unknown) {
            return false;
        }
    }

    /** The process if this one can see it, and empty if it is dead or in another namespace. */
    Optional<ProcessHandle> find() {
        if (!namespace.equals(ownNamespace())) {
            return Optional.empty();
        }
        return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).filter(this::startedThen);
    }

    /** Whether it is certain that the process lives no more. */
    boolean isDead() {
        return namespace.equals(ownNamespace()) && find().isEmpty();
    }

    /**
     * Whether nobody lives under its number any more. Who does may be another process, but when
     * that started is told by a clock that people set: no ground for giving up one that may live.
     */
    boolean isGone() {
        return !namespace.isEmpty()
                && namespace.equals(ownNamespace())
                && (Signals.isNobody(pid) || isUnburied());
    }

    /**
     * Whether who has its number only waits for the parent to take note of the end. That the first
     * thread has ended is not enough: the others may still be in the middle of a call of the
     * system, and are counted until they have left.
     */
    private boolean isUnburied() {
        try {
            String line = Files.readString(PROCESSES.resolve(pid + "/stat"));
            String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ");
            return fields[STATE].equals("Z") && fields[THREADS].equals("1");
        } catch (IOException | RuntimeException hidden) {
            return false;
        }
    }

    private boolean startedThen(ProcessHandle process) {
        return Math.abs(startMillis(process) - startMillis) < START_TOLERANCE_MS;
    }

    private static long startMillis(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }

    private static String ownNamespace() {
        try {
            return Files.readString(BOOT).strip() + " " + Files.readSymbolicLink(NAMESPACE);
        } catch (IOException | UnsupportedOperationException noNamespaces) {
            return "";
        }
    }
}
