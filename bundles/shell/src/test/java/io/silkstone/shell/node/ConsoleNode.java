package io.silkstone.shell.node;

import java.nio.file.Path;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import org.osgi.service.condition.Condition;

/** A node in the foreground of a terminal, in a JVM of its own. */
final class ConsoleNode {
    private ConsoleNode() {}

    public static void main(String[] arguments) throws Exception {
        LiveNode node = LiveNode.startWithoutWaiting(Path.of(arguments[0]), "felix", true);
        System.out.println("ready");
        node.context()
                .registerService(
                        Condition.class,
                        Condition.INSTANCE,
                        new Hashtable<>(Map.of(Condition.CONDITION_ID, "silkstone.ready")));
        node.awaitStop();
        System.out.println("stopped");
    }

    /** What starts one, a word each. */
    static List<String> command(Path home) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                ConsoleNode.class.getName(),
                home.toString());
    }
}
