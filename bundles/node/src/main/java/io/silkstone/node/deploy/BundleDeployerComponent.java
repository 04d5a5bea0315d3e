package io.silkstone.node.deploy;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.node.BundleDeployer;
import io.silkstone.api.node.DeployRefused;
import io.silkstone.api.policy.PolicyDirectory;
import io.silkstone.base.NanoClock;
import io.silkstone.node.BundleCalls;
import io.silkstone.node.diagnosis.ComponentStates;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.hooks.bundle.CollisionHook;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** Gives the deployer its directory, its thread and its configuration. */
@Component(
        name = "io.silkstone.node.deployer",
        service = {BundleDeployer.class, HealthCheck.class},
        property = {HealthCheck.NAME + "=deployments", HealthCheck.TAGS + "=node"},
        immediate = true)
@Designate(ocd = BundleDeployerComponent.Config.class)
public final class BundleDeployerComponent implements BundleDeployer, HealthCheck {
    private static final System.Logger LOG =
            System.getLogger(BundleDeployerComponent.class.getName());
    private static final long SCAN_MS = 500;

    private final BundleContext context;
    private final Deployer deployer;
    private final DeployDirectory directory;
    private final ServiceRegistration<CollisionHook> hook;
    private final ScheduledExecutorService scanner;

    /** Starts to watch {@code deploy}. */
    @Activate
    public BundleDeployerComponent(
            BundleContext context,
            Config config,
            @Reference MetricRegistry metrics,
            @Reference PolicyDirectory policies,
            @Reference ServiceComponentRuntime runtime) {
        this.context = context;
        Path home = Path.of(context.getProperty("silkstone.home"));
        Path deploy = home.resolve("deploy");
        ComponentStates states = new ComponentStates(() -> runtime);
        BundleCalls calls =
                new BundleCalls(
                        Thread.ofPlatform().daemon().name("silkstone-node-bundle-", 1).factory());
        Trial trial =
                new Trial(context, states, () -> policies, calls, NanoClock.SYSTEM, Thread::sleep);
        TrustedKeys keys = new TrustedKeys(home.resolve("etc/trusted-keys"));
        deployer = new Deployer(context, deploy, keys, trial, calls, optionsOf(config), metrics);
        directory = new DeployDirectory(deploy, home.resolve("data/deployed"), deployer);
        hook = context.registerService(CollisionHook.class, deployer, null);
        scanner =
                Executors.newSingleThreadScheduledExecutor(
                        task -> {
                            Thread thread = new Thread(task, "silkstone-node-deploy-1");
                            thread.setDaemon(true);
                            return thread;
                        });
        scanner.scheduleWithFixedDelay(this::scan, 0, SCAN_MS, TimeUnit.MILLISECONDS);
    }

    @Modified
    void configured(Config config) {
        deployer.use(optionsOf(config));
    }

    @Deactivate
    void close() {
        scanner.shutdownNow();
        hook.unregister();
    }

    @Override
    public Deployed deploy(Path jar, boolean dryRun) throws DeployRefused {
        return deployer.deploy(jar, dryRun);
    }

    @Override
    public void undeploy(String symbolicName) throws DeployRefused {
        deployer.undeploy(symbolicName);
    }

    @Override
    public List<Deployed> deployed() {
        return deployer.deployed();
    }

    /** Health: every jar in {@code deploy} is deployed. */
    @Override
    public Result execute() {
        List<String> problems = directory.problems();
        int count = deployed().size();
        return problems.isEmpty()
                ? new Result(
                        Result.Status.OK,
                        count == 1 ? "1 bundle is deployed." : count + " bundles are deployed.")
                : new Result(Result.Status.WARN, String.join("; ", problems));
    }

    private void scan() {
        // Before that, what a new bundle waits for may just not have been started yet.
        if (context.getBundle(0).getState() != Bundle.ACTIVE) {
            return;
        }
        try {
            directory.scan();
        } catch (IOException | RuntimeException failure) {
            LOG.log(System.Logger.Level.ERROR, "deploy could not be looked at", failure);
        }
    }

    private static DeployOptions optionsOf(Config config) {
        return new DeployOptions(
                SignatureRule.valueOf(config.deploy_signatures().toUpperCase(Locale.ROOT)),
                config.deploy_mechanism(),
                config.start_ms(),
                config.watch_ms());
    }

    /** The keys of {@code etc/io.silkstone.node.deployer.cfg}. */
    @ObjectClassDefinition(name = "Silkstone node: deployer")
    @interface Config {
        @AttributeDefinition(
                description =
                        "Whether bundles need an Ed25519 signature beside them (<jar>.sig): auto"
                                + " asks for one as soon as etc/trusted-keys holds a key. A"
                                + " signature that is there must fit in any case.",
                options = {
                    @Option(value = "auto", label = "auto"),
                    @Option(value = "required", label = "required"),
                    @Option(value = "optional", label = "optional")
                })
        String deploy_signatures() default "auto";

        @AttributeDefinition(
                description =
                        "Whether bundles of the node itself may be replaced. That drops connections"
                                + " or state; policies can always be replaced.")
        boolean deploy_mechanism() default false;

        @AttributeDefinition(
                description =
                        "How long a bundle, or one of its components, may take to start or to stop"
                                + " before it is given up.",
                min = "1",
                max = "600000")
        long start_ms() default DeployOptions.START_MS;

        @AttributeDefinition(
                description = "How long a new bundle is watched before the one before it goes.",
                min = "0",
                max = "600000")
        long watch_ms() default DeployOptions.WATCH_MS;
    }
}
