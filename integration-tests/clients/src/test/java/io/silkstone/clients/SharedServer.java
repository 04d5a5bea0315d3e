package io.silkstone.clients;

import io.silkstone.harness.NodeProcess;
import io.silkstone.harness.RedisProcess;
import io.silkstone.harness.ServerProcess;
import io.silkstone.harness.Workplace;
import java.util.List;
import java.util.Map;

/**
 * One node for all tests of this module that need no special one; it ends with the JVM. With {@code
 * -Dclients.server=redis} it is a redis-server instead: a test that Redis does not pass is wrong
 * itself.
 */
final class SharedServer {
    private static ServerProcess server;

    private SharedServer() {}

    /** Starts it at the first call. */
    static synchronized ServerProcess get() {
        if (server == null) {
            // Never closed by hand: its shutdown hook ends the server.
            Workplace workplace = new Workplace("clients");
            try {
                server = start(workplace);
            } catch (Exception e) {
                workplace.close();
                throw new IllegalStateException(e.getMessage(), e);
            }
        }
        return server;
    }

    private static ServerProcess start(Workplace workplace) throws Exception {
        return "redis".equals(System.getProperty("clients.server"))
                ? RedisProcess.start(workplace, "redis", List.of(), List.of())
                : NodeProcess.start(workplace, List.of(), Map.of());
    }
}
