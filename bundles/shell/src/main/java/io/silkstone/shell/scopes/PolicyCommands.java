package io.silkstone.shell.scopes;

import io.silkstone.api.policy.PolicyDirectory;
import io.silkstone.api.policy.PolicyDirectory.Entry;
import io.silkstone.api.policy.PolicyDirectory.Event;
import io.silkstone.api.policy.PolicyDirectory.Switch;
import io.silkstone.api.policy.PolicyId;
import io.silkstone.shell.command.Call;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.command.CommandScope;
import io.silkstone.shell.command.Required;
import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Details;
import io.silkstone.shell.format.Lines;
import io.silkstone.shell.format.Table;
import io.silkstone.shell.format.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Sees and switches policies. */
public final class PolicyCommands implements CommandScope {
    private static final String SCOPE = "policy";
    private static final String KIND = "KIND";
    private static final String NAME = "NAME";
    private static final String DRY_RUN = "--dry-run";

    private final Required<PolicyDirectory> directory;

    /** Works on what {@code directory} gives at the time of each call. */
    public PolicyCommands(Supplier<PolicyDirectory> directory) {
        this.directory = new Required<>("policy directory", directory);
    }

    @Override
    public List<Command> commands() {
        return List.of(
                Command.named(SCOPE, "list")
                        .says("Lists the installed policies and marks those in use.")
                        .example("policy:list | grep cores")
                        .does(call -> list()),
                Command.named(SCOPE, "use")
                        .says("Switches a kind of decision to another policy while serving.")
                        .takes(KIND, before -> distinct(policy -> policy.kind()))
                        .takes(NAME, this::names)
                        .flag(DRY_RUN, "says what would change, and changes nothing")
                        .example("policy:use cores fixed --dry-run")
                        .example("policy:use cores fixed")
                        .does(this::use),
                Command.named(SCOPE, "history")
                        .says("Lists every switch and every failure since the node started.")
                        .example("policy:history | tail -n 5")
                        .does(call -> history()),
                Command.named(SCOPE, "why")
                        .says("Explains which policy a kind has, and what that decided last.")
                        .mayTake(KIND, before -> distinct(policy -> policy.kind()))
                        .example("policy:why cores")
                        .does(this::why));
    }

    private Answer list() throws CommandRefused {
        return Table.of(directory.now().installed())
                .column("kind", entry -> entry.policy().kind())
                .column("name", entry -> entry.policy().name())
                .column("version", entry -> entry.policy().version())
                .column("state", Entry::state)
                .column("source", Entry::source);
    }

    private Answer use(Call call) throws Exception {
        Switch outcome = directory.now().use(call.value(KIND), call.value(NAME), call.has(DRY_RUN));
        return Details.of()
                .with("from", outcome.from())
                .with("to", outcome.to())
                .with("changed", outcome.changed())
                .with("took", Text.duration(outcome.nanos()))
                .with("note", outcome.note());
    }

    private Answer history() throws CommandRefused {
        return Table.of(directory.now().history())
                .column("time", Event::time)
                .column("kind", Event::kind)
                .column("from", event -> nameOf(event.from()))
                .column("to", event -> nameOf(event.to()))
                .column("cause", Event::cause)
                .column("detail", Event::detail);
    }

    private Answer why(Call call) throws CommandRefused {
        PolicyDirectory present = directory.now();
        List<String> kinds = call.has(KIND) ? List.of(call.value(KIND)) : kinds(present);
        List<String> lines = new ArrayList<>();
        for (String kind : kinds) {
            if (present.inUse(kind) != null) {
                lines.addAll(present.why(kind).lines().toList());
            } else if (kinds(present).contains(kind)) {
                lines.add(undecided(present, kind));
            } else {
                List<String> deciding =
                        kinds(present).stream().filter(one -> present.inUse(one) != null).toList();
                throw new CommandRefused(
                        "Nothing on this node decides by policies of the kind '"
                                + kind
                                + "'; there are "
                                + (deciding.isEmpty() ? "none" : String.join(", ", deciding))
                                + '.');
            }
        }
        return Lines.of(lines);
    }

    /** Of what is chosen when the node starts there is no decision to explain. */
    private static String undecided(PolicyDirectory directory, String kind) {
        return directory.installed().stream()
                .filter(entry -> entry.policy().kind().equals(kind))
                .map(entry -> entry.policy().toString())
                .collect(
                        Collectors.joining(
                                ", ", "", ": installed, and nothing here switches this kind."));
    }

    private static String nameOf(PolicyId policy) {
        return policy == null ? null : policy.name() + ' ' + policy.version();
    }

    private static List<String> kinds(PolicyDirectory directory) {
        return directory.installed().stream()
                .map(entry -> entry.policy().kind())
                .distinct()
                .sorted()
                .toList();
    }

    private List<String> names(List<String> before) {
        String kind = before.isEmpty() ? "" : before.getFirst();
        return distinct(policy -> policy.kind().equals(kind) ? policy.name() : "");
    }

    private List<String> distinct(Function<PolicyId, String> part) {
        PolicyDirectory present = directory.orNull();
        return present == null
                ? List.of()
                : present.installed().stream()
                        .map(entry -> part.apply(entry.policy()))
                        .filter(text -> !text.isEmpty())
                        .distinct()
                        .sorted()
                        .toList();
    }
}
