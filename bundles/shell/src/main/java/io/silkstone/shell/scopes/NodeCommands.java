package io.silkstone.shell.scopes;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.metrics.MetricRegistry.Metric;
import io.silkstone.api.node.Node;
import io.silkstone.api.node.Node.Endpoint;
import io.silkstone.api.node.Node.Health;
import io.silkstone.api.node.Node.Setting;
import io.silkstone.shell.command.Call;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.Command.Completion;
import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.command.CommandScope;
import io.silkstone.shell.command.Required;
import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Details;
import io.silkstone.shell.format.Lines;
import io.silkstone.shell.format.Table;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Looks at the node as a whole. */
public final class NodeCommands implements CommandScope {
    private static final String SCOPE = "node";
    private static final String PART = "PART";
    private static final String NOTE =
            "These values are in force. A setting is changed in etc/PID.cfg, at once where its"
                    + " description does not say otherwise.";

    private final Required<Node> node;
    private final Required<MetricRegistry> metrics;

    /** Works on what {@code node} and {@code metrics} give at the time of each call. */
    public NodeCommands(Supplier<Node> node, Supplier<MetricRegistry> metrics) {
        this.node = new Required<>("node service", node);
        this.metrics = new Required<>("metric registry", metrics);
    }

    @Override
    public List<Command> commands() {
        return List.of(
                Command.named(SCOPE, "info")
                        .says("Shows what this node is, since when, and what listens where.")
                        .example("node:info --json")
                        .does(call -> info()),
                Command.named(SCOPE, "health")
                        .says("Runs the health checks.")
                        .example("node:health")
                        .does(call -> health()),
                Command.named(SCOPE, "metrics")
                        .says("Shows the metrics now, or those whose label contains PART.")
                        .mayTake(PART, before -> subsystems())
                        .example("node:metrics store")
                        .does(this::metrics),
                Command.named(SCOPE, "config")
                        .says("Shows every setting, or those whose PID or key contains PART.")
                        .mayTake(PART, before -> pids())
                        .example("node:config io.silkstone.shell.control")
                        .does(this::config),
                Command.named(SCOPE, "why")
                        .says("Says why a component or bundle, or anything here, does not work.")
                        .mayTake(PART, Completion.NONE)
                        .example("node:why gateway")
                        .does(this::why));
    }

    private Answer why(Call call) throws CommandRefused {
        try {
            return Lines.of(node.now().why(call.value(PART, "")));
        } catch (IllegalArgumentException unknown) {
            throw new CommandRefused(unknown.getMessage());
        }
    }

    private Answer info() throws CommandRefused {
        Node present = node.now();
        Map<String, String> endpoints = new LinkedHashMap<>();
        for (Endpoint endpoint : present.endpoints()) {
            endpoints.merge(
                    endpoint.protocol(), endpoint.address(), (one, other) -> one + ", " + other);
        }
        Details details =
                Details.of()
                        .with("version", present.version())
                        .with("id", present.id())
                        .with("process", ProcessHandle.current().pid())
                        .with("started", present.started())
                        .with("home", present.home());
        endpoints.forEach(details::with);
        return details;
    }

    private Answer health() throws CommandRefused {
        return Table.of(node.now().health())
                .column("check", Health::check)
                .column("status", Health::status)
                .column("message", Health::message);
    }

    private Answer metrics(Call call) throws CommandRefused {
        String part = call.value(PART, "");
        List<Metric> shown =
                metrics.now().snapshot().stream()
                        .filter(metric -> metric.label().contains(part))
                        .toList();
        if (shown.isEmpty() && !part.isEmpty()) {
            throw new CommandRefused("No metric fits '" + part + "'.");
        }
        return Table.of(shown)
                .column("metric", Metric::label)
                .column("value", Metric::value)
                .column("description", Metric::description);
    }

    private Answer config(Call call) throws CommandRefused {
        String part = call.value(PART, "");
        List<Setting> shown =
                node.now().config().stream()
                        .filter(one -> one.pid().contains(part) || one.key().contains(part))
                        .toList();
        if (shown.isEmpty() && !part.isEmpty()) {
            throw new CommandRefused("No setting fits '" + part + "'.");
        }
        return Table.of(shown)
                .column("pid", Setting::pid)
                .column("key", Setting::key)
                .column("value", Setting::value)
                .column("default", Setting::byDefault)
                .column("description", Setting::description)
                .data("file", Setting::file)
                .note(NOTE);
    }

    private List<String> pids() {
        Node present = node.orNull();
        return present == null
                ? List.of()
                : present.config().stream().map(Setting::pid).distinct().sorted().toList();
    }

    private List<String> subsystems() {
        MetricRegistry present = metrics.orNull();
        return present == null
                ? List.of()
                : present.snapshot().stream()
                        .map(metric -> metric.label().replaceFirst("\\..*", ""))
                        .distinct()
                        .toList();
    }
}
