package io.silkstone.node;

import io.silkstone.api.node.EndpointProvider;
import io.silkstone.api.node.Node;
import io.silkstone.node.config.ConfigStore;
import io.silkstone.node.diagnosis.Diagnosis;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What this node is and how it is, put together from those who know. */
final class SilkstoneNode implements Node {
    private static final System.Logger LOG = System.getLogger(SilkstoneNode.class.getName());

    private final Identity identity;
    private final Supplier<Collection<EndpointProvider>> providers;
    private final Supplier<List<Health>> checks;
    private final ConfigStore store;
    private final Diagnosis diagnosis;

    /** What never changes while the node runs. */
    record Identity(String version, String id, Instant started, Path home) {}

    SilkstoneNode(
            Identity identity,
            Supplier<Collection<EndpointProvider>> providers,
            Supplier<List<Health>> checks,
            ConfigStore store,
            Diagnosis diagnosis) {
        this.identity = identity;
        this.providers = providers;
        this.checks = checks;
        this.store = store;
        this.diagnosis = diagnosis;
    }

    @Override
    public String version() {
        return identity.version();
    }

    @Override
    public String id() {
        return identity.id();
    }

    @Override
    public Instant started() {
        return identity.started();
    }

    @Override
    public Path home() {
        return identity.home();
    }

    @Override
    public List<Endpoint> endpoints() {
        List<Endpoint> endpoints = new ArrayList<>();
        for (EndpointProvider provider : providers.get()) {
            try {
                endpoints.addAll(provider.endpoints());
            } catch (RuntimeException failure) {
                LOG.log(System.Logger.Level.WARNING, "an endpoint provider failed", failure);
            }
        }
        endpoints.sort(Comparator.comparing(Endpoint::protocol).thenComparing(Endpoint::address));
        return endpoints;
    }

    @Override
    public List<Health> health() {
        return checks.get();
    }

    @Override
    public List<Setting> config() {
        return store.settings();
    }

    @Override
    public List<String> why(String component) {
        if (!component.isBlank()) {
            String name = component.strip();
            List<String> lines = new ArrayList<>(diagnosis.about(name));
            Stream.concat(store.problems().stream(), store.unread().stream())
                    .filter(sentence -> sentence.contains(name))
                    .forEach(lines::add);
            if (lines.isEmpty()) {
                throw new IllegalArgumentException(diagnosis.nothingCalled(name));
            }
            return lines;
        }
        List<String> lines = new ArrayList<>(diagnosis.faults());
        lines.addAll(store.problems());
        lines.addAll(store.unread());
        for (Health health : health()) {
            boolean told =
                    health.check().equals("components") || health.check().equals("configuration");
            if (!told && !health.status().equals("ok")) {
                lines.add(health.check() + ": " + health.message());
            }
        }
        return lines.isEmpty() ? List.of(diagnosis.summary()) : lines;
    }
}
