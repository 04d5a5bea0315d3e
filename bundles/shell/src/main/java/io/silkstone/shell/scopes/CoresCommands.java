package io.silkstone.shell.scopes;

import io.silkstone.api.threads.CoreStatus;
import io.silkstone.api.threads.LoadSample;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.threads.ThreadStatus;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.command.CommandScope;
import io.silkstone.shell.command.Required;
import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Details;
import io.silkstone.shell.format.Table;
import io.silkstone.shell.format.Text;
import java.util.List;
import java.util.function.Supplier;

/** Looks at the cores and at the threads on them. */
public final class CoresCommands implements CommandScope {
    private static final String SCOPE = "cores";

    private final Required<ThreadRuntime> runtime;

    /** Works on what {@code runtime} gives at the time of each call. */
    public CoresCommands(Supplier<ThreadRuntime> runtime) {
        this.runtime = new Required<>("thread runtime", runtime);
    }

    @Override
    public List<Command> commands() {
        return List.of(
                Command.named(SCOPE, "list")
                        .says("Lists the cores that the node holds or could hold.")
                        .example("cores:list")
                        .does(call -> list()),
                Command.named(SCOPE, "load")
                        .says("Shows the newest load sample, on which the core policy decides.")
                        .example("cores:load --json")
                        .does(call -> load()),
                Command.named(SCOPE, "threads")
                        .says("Lists the user threads that are alive.")
                        .example("cores:threads | grep blocked")
                        .does(call -> threads()));
    }

    private Answer list() throws CommandRefused {
        ThreadRuntime present = runtime.now();
        return Table.of(present.cores())
                .column("core", CoreStatus::core)
                .column("processor", core -> core.processor() < 0 ? null : core.processor())
                .column("state", CoreStatus::state)
                .column("owner", CoreStatus::owner)
                .column("utilisation", CoreStatus::utilisation)
                .column("load_factor", CoreStatus::loadFactor)
                .column("threads", CoreStatus::threads)
                .note("How threads are run: " + present.mode());
    }

    private Answer load() throws CommandRefused {
        LoadSample sample = runtime.now().load();
        if (sample == null) {
            throw new CommandRefused("There is no load sample yet; ask again in a moment.");
        }
        return Details.of()
                .with("interval", Text.duration(sample.intervalNanos()))
                .with("cores_held", sample.coresHeld())
                .with("cores_utilised", sample.utilisedCores())
                .with("load_factor", sample.loadFactor())
                .with("runnable", sample.runnable())
                .with("occupied", sample.occupied())
                .with("contexts", sample.contexts())
                .with("oldest_runnable", Text.duration(sample.oldestRunnableNanos()))
                .with("creates", sample.creates())
                .with("rejects", sample.rejects());
    }

    private Answer threads() throws CommandRefused {
        return Table.of(runtime.now().threads())
                .column("id", thread -> Long.toHexString(thread.id()))
                .column("core", ThreadStatus::core)
                .column("class", thread -> className(thread.threadClass()))
                .column("state", ThreadStatus::state)
                .column("task", ThreadStatus::task);
    }

    private static String className(int threadClass) {
        return switch (threadClass) {
            case ThreadRuntime.NORMAL -> "normal";
            case ThreadRuntime.EXCLUSIVE -> "exclusive";
            default -> Integer.toString(threadClass);
        };
    }
}
