package io.silkstone.launcher;

import io.silkstone.launcher.log.NodeLog;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The program behind the start script: {@code up}, {@code down} and {@code status} of one node, or
 * of the nodes of a cluster. Ends with 0 when the command was done. When not, it says why in one
 * sentence on standard error and ends with 2 when the command line is wrong, and with 1 in all
 * other cases.
 */
public final class Main {
    private static final long DOWN_SECONDS = 30;
    private static final int FAILED = 1;
    private static final int MISUSED = 2;

    private Main() {}

    /** Called by the start script. */
    public static void main(String[] words) {
        // exit, not return: threads that a failed start left behind must not keep the process.
        System.exit(run(List.of(words)));
    }

    private static int run(List<String> words) {
        StartReport report = new StartReport(Arguments.report(words), System.out, System.err);
        try {
            Arguments arguments = Arguments.parse(words, System.getenv());
            switch (arguments.command()) {
                case "up" -> up(arguments, report);
                case "down" -> down(arguments.home());
                default -> status(arguments.home());
            }
            return 0;
        } catch (Misused e) {
            report.misused(e.getMessage());
            return MISUSED;
        } catch (StartRefused e) {
            remember(e.getMessage(), e.getCause());
            report.refused(e.getMessage());
        } catch (InterruptedException e) {
            report.refused("Interrupted.");
        } catch (IOException | RuntimeException | Error e) {
            // A bug of ours or a machine in trouble: the trace is for the log, not for operators.
            remember("unexpected failure", e);
            report.refused("Unexpected failure, see logs/silkstone.log: %s.".formatted(e));
        }
        return FAILED;
    }

    private static void up(Arguments arguments, StartReport report)
            throws StartRefused, IOException, InterruptedException {
        Distribution distribution = Distribution.ofThisProgram();
        boolean isCluster =
                arguments.nodes().isPresent()
                        || arguments.coordinators().orElse(1) > 1
                        || ClusterHome.find(arguments.home()).isPresent();
        if (isCluster) {
            Machine machine = new Machine(Path.of("/"));
            new ClusterStart(arguments, distribution, machine, System.out, System.err).run();
        } else {
            new NodeStart(arguments, distribution, report).run();
        }
    }

    private static void down(Path home) throws StartRefused, InterruptedException {
        Optional<ClusterHome> cluster = ClusterHome.find(home);
        if (cluster.isPresent()) {
            new RunningCluster(cluster.get()).stop(DOWN_SECONDS, System.out);
            return;
        }
        Optional<RunningNode> node = RunningNode.find(home);
        if (node.isEmpty()) {
            System.out.println("No node runs in " + home + ".");
            return;
        }
        if (!node.get().stop(DOWN_SECONDS)) {
            throw new StartRefused(
                    "Process %d does not stop within %d s: look into %s, or kill it."
                            .formatted(node.get().pid(), DOWN_SECONDS, home.resolve("logs")));
        }
        System.out.println("Stopped process " + node.get().pid() + ".");
    }

    private static void status(Path home) throws StartRefused, IOException {
        Optional<ClusterHome> cluster = ClusterHome.find(home);
        if (cluster.isPresent()) {
            new RunningCluster(cluster.get()).status(System.out);
            return;
        }
        RunningNode node =
                RunningNode.find(home)
                        .orElseThrow(() -> new StartRefused("No node runs in " + home + "."));
        Optional<List<String>> endpoints = node.endpoints();
        System.out.println("home " + home);
        System.out.println("pid " + node.pid());
        System.out.println("uptime " + uptime(Duration.between(node.started(), Instant.now())));
        System.out.println("state " + (endpoints.isPresent() ? "ready" : "starting"));
        endpoints.orElse(List.of()).forEach(System.out::println);
        node.cluster().ifPresent(state -> System.out.println("cluster " + state.words()));
    }

    /** {@code 3 d 04:05:06}, days left out when there are none. */
    static String uptime(Duration duration) {
        String time =
                "%02d:%02d:%02d"
                        .formatted(
                                duration.toHoursPart(),
                                duration.toMinutesPart(),
                                duration.toSecondsPart());
        return duration.toDays() == 0 ? time : duration.toDays() + " d " + time;
    }

    private static void remember(String message, Throwable cause) {
        NodeLog.OF_THIS_PROCESS.remember("launcher", message, cause);
    }
}
