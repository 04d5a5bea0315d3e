package io.silkstone.clients;

import io.silkstone.harness.NodeProcess;
import io.silkstone.harness.RedisProcess;
import io.silkstone.harness.ServerProcess;
import io.silkstone.harness.Workplace;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests one node for all of them, without a password. With {@code -Dclients.server=redis}
 * they get a redis-server instead: a test that Redis does not pass is wrong itself.
 */
final class ServerExtension implements ParameterResolver {
    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(ServerExtension.class);

    /** What is in the store until the last test of the run has ended. */
    private record Running(Workplace workplace, ServerProcess server) implements AutoCloseable {
        @Override
        public void close() {
            server.close();
            workplace.close();
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == ServerProcess.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent(Running.class, key -> start(), Running.class)
                .server();
    }

    private static Running start() {
        Workplace workplace = new Workplace("clients");
        try {
            return new Running(workplace, start(workplace));
        } catch (Exception e) {
            workplace.close();
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    private static ServerProcess start(Workplace workplace) throws Exception {
        return "redis".equals(System.getProperty("clients.server"))
                ? RedisProcess.start(workplace, "redis", List.of(), List.of())
                : NodeProcess.start(workplace, List.of(), Map.of());
    }
}
