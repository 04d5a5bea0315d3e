package io.silkstone.node;

import io.silkstone.api.node.EndpointProvider;
import io.silkstone.api.node.Node;
import io.silkstone.base.NanoClock;
import io.silkstone.node.config.ConfigStore;
import io.silkstone.node.diagnosis.ComponentStates;
import io.silkstone.node.diagnosis.Diagnosis;
import io.silkstone.node.health.CheckRunner;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.felix.hc.api.HealthCheck;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.runtime.ServiceComponentRuntime;

/** Publishes the node and collects what others know about themselves. */
@Component(name = "io.silkstone.node", immediate = true)
public final class NodeComponent implements Node {
    private static final long CHECKS_WAIT_MS = 2_000;

    private final List<EndpointProvider> providers = new CopyOnWriteArrayList<>();
    private final Map<Long, HealthCheck> checks = new ConcurrentHashMap<>();
    private final Map<Long, String> checkNames = new ConcurrentHashMap<>();
    private final CheckRunner runner = new CheckRunner(NanoClock.SYSTEM, CHECKS_WAIT_MS);
    private final SilkstoneNode node;

    /** Finds out who this node is. */
    @Activate
    public NodeComponent(
            BundleContext context,
            @Reference ConfigStore store,
            @Reference ServiceComponentRuntime runtime)
            throws IOException {
        Path home = Path.of(context.getProperty("silkstone.home"));
        String version = context.getProperty("silkstone.version");
        SilkstoneNode.Identity identity =
                new SilkstoneNode.Identity(
                        version == null ? context.getBundle().getVersion().toString() : version,
                        NodeIdentity.of(
                                context.getProperty("silkstone.node.id"),
                                home.resolve("data/node.id"),
                                new SecureRandom()),
                        Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime()),
                        home);
        Diagnosis diagnosis = new Diagnosis(context, new ComponentStates(() -> runtime));
        node = new SilkstoneNode(identity, () -> providers, this::runChecks, store, diagnosis);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addEndpointProvider(EndpointProvider provider) {
        providers.add(provider);
    }

    void removeEndpointProvider(EndpointProvider provider) {
        providers.remove(provider);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addHealthCheck(HealthCheck check, Map<String, Object> properties) {
        Long serviceId = (Long) properties.get(Constants.SERVICE_ID);
        Object name = properties.get(HealthCheck.NAME);
        checkNames.put(
                serviceId, name == null ? check.getClass().getSimpleName() : name.toString());
        checks.put(serviceId, check);
    }

    void removeHealthCheck(HealthCheck check, Map<String, Object> properties) {
        Long serviceId = (Long) properties.get(Constants.SERVICE_ID);
        checks.remove(serviceId);
        checkNames.remove(serviceId);
    }

    @Override
    public String version() {
        return node.version();
    }

    @Override
    public String id() {
        return node.id();
    }

    @Override
    public Instant started() {
        return node.started();
    }

    @Override
    public Path home() {
        return node.home();
    }

    @Override
    public List<Endpoint> endpoints() {
        return node.endpoints();
    }

    @Override
    public List<Health> health() {
        return node.health();
    }

    @Override
    public List<Setting> config() {
        return node.config();
    }

    @Override
    public List<String> why(String component) {
        return node.why(component);
    }

    private List<Health> runChecks() {
        Map<String, HealthCheck> named = new ConcurrentHashMap<>();
        checks.forEach(
                (serviceId, check) ->
                        named.merge(
                                checkNames.getOrDefault(serviceId, "unnamed"),
                                check,
                                (first, second) -> first));
        return runner.run(named);
    }
}
