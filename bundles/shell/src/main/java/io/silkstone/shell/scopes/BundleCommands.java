package io.silkstone.shell.scopes;

import io.silkstone.api.node.BundleDeployer;
import io.silkstone.api.node.BundleDeployer.Deployed;
import io.silkstone.shell.command.Call;
import io.silkstone.shell.command.Command;
import io.silkstone.shell.command.Command.Completion;
import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.command.CommandScope;
import io.silkstone.shell.command.Required;
import io.silkstone.shell.format.Answer;
import io.silkstone.shell.format.Details;
import io.silkstone.shell.format.Table;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;

/** Puts bundles into the node and takes them out again. */
public final class BundleCommands implements CommandScope {
    private static final String SCOPE = "bundle";
    private static final String JAR = "JAR";
    private static final String NAME = "NAME";
    private static final String DRY_RUN = "--dry-run";

    private final Required<BundleDeployer> deployer;

    /** Works on what {@code deployer} gives at the time of each call. */
    public BundleCommands(Supplier<BundleDeployer> deployer) {
        this.deployer = new Required<>("bundle deployer", deployer);
    }

    @Override
    public List<Command> commands() {
        return List.of(
                Command.named(SCOPE, "deploy")
                        .says("Verifies, installs, starts and watches a bundle, or goes back.")
                        .takes(JAR, Completion.FILES)
                        .flag(DRY_RUN, "verifies and resolves only; nothing stays installed")
                        .example("bundle:deploy ./my-policy.jar --dry-run")
                        .example("bundle:deploy ./my-policy.jar")
                        .does(this::deploy),
                Command.named(SCOPE, "undeploy")
                        .says("Removes a bundle that was deployed.")
                        .takes(NAME, before -> deployed())
                        .example("bundle:undeploy com.example.my-policy")
                        .does(this::undeploy),
                Command.named(SCOPE, "deployed")
                        .says("Lists what was deployed into this node.")
                        .example("bundle:deployed")
                        .does(call -> list()));
    }

    private Answer deploy(Call call) throws Exception {
        Path jar = jar(call);
        Deployed deployed = deployer.now().deploy(jar, call.has(DRY_RUN));
        return Details.of()
                .with("bundle", deployed.symbolicName())
                .with("version", deployed.version())
                .with("number", deployed.bundleId() < 0 ? null : deployed.bundleId())
                .with("replaced", deployed.replaced())
                .with("note", deployed.note());
    }

    private static Path jar(Call call) throws CommandRefused {
        try {
            Path jar = call.directory().resolve(call.value(JAR)).normalize();
            if (Files.isRegularFile(jar)) {
                return jar;
            }
            throw new CommandRefused(
                    Files.isDirectory(jar)
                            ? jar + " is a directory."
                            : "There is no file " + jar + '.');
        } catch (InvalidPathException e) {
            throw new CommandRefused(e.getMessage() + '.');
        }
    }

    private Answer undeploy(Call call) throws Exception {
        String name = call.value(NAME);
        deployer.now().undeploy(name);
        return Details.of().with("bundle", name).saying("Removed the bundle " + name + '.');
    }

    private Answer list() throws CommandRefused {
        return Table.of(deployer.now().deployed())
                .column("bundle", Deployed::symbolicName)
                .column("version", Deployed::version)
                .column("number", Deployed::bundleId)
                .column("replaced", Deployed::replaced)
                .column("note", Deployed::note);
    }

    private List<String> deployed() {
        BundleDeployer present = deployer.orNull();
        return present == null
                ? List.of()
                : present.deployed().stream().map(Deployed::symbolicName).sorted().toList();
    }
}
