package io.silkstone.node.deploy;

import io.silkstone.api.metrics.Counter;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.node.BundleDeployer;
import io.silkstone.api.node.DeployRefused;
import io.silkstone.node.BundleCalls;
import io.silkstone.node.diagnosis.MissingRequirements;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Version;
import org.osgi.framework.hooks.bundle.CollisionHook;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.FrameworkWiring;

/**
 * Puts bundles in beside those that are there, never over them. The new version is verified,
 * installed, resolved, started and watched while the old one works on; whoever uses policies
 * switches by itself when the new one's service appears; only then the old one goes. An update in
 * place (update and refresh) would stop everything that is wired to the bundle.
 *
 * <p>A version that came with the node is stopped instead of uninstalled, so that it is there again
 * when its successor is undeployed.
 *
 * <p>Threads: any; one deployment at a time.
 */
final class Deployer implements BundleDeployer, CollisionHook {
    private static final System.Logger LOG = System.getLogger(Deployer.class.getName());
    private static final String LOCATION = "silkstone-deploy:";
    private static final String POLICY_CAPABILITY = "silkstone.policy";
    private static final Pattern OWN_PACKAGE =
            Pattern.compile("io\\.silkstone\\.(api|base)(\\..*)?");

    private final BundleContext context;
    private final Path directory;
    private final TrustedKeys keys;
    private final Trial trial;
    private final BundleCalls calls;
    private final MissingRequirements requirements;
    private final Counter deployments;
    private final Counter refusals;
    private final Counter rollBacks;
    private final Counter removals;
    private final ReentrantLock lock = new ReentrantLock();

    private final Map<String, Deployed> deployed = new TreeMap<>();
    private volatile List<Deployed> published = List.of();
    private volatile DeployOptions options;

    /**
     * @param directory {@code deploy} in the node's home, the memory of what is deployed
     */
    Deployer(
            BundleContext context,
            Path directory,
            TrustedKeys keys,
            Trial trial,
            BundleCalls calls,
            DeployOptions options,
            MetricRegistry metrics) {
        this.context = context;
        this.directory = directory;
        this.keys = keys;
        this.trial = trial;
        this.calls = calls;
        this.options = options;
        this.requirements = new MissingRequirements(context);
        this.deployments = metrics.counter(DeployMetric.DEPLOYED);
        this.refusals = metrics.counter(DeployMetric.REFUSED);
        this.rollBacks = metrics.counter(DeployMetric.ROLLED_BACK);
        this.removals = metrics.counter(DeployMetric.UNDEPLOYED);
        adopt();
    }

    /** Sets what is allowed from the next deployment on. */
    void use(DeployOptions options) {
        this.options = options;
    }

    /** A look at the directory. */
    @FunctionalInterface
    interface Look {
        void run() throws IOException;
    }

    /**
     * Runs {@code look} while nobody else deploys: what it sees in the directory then goes with
     * what is deployed.
     */
    void exclusively(Look look) throws IOException {
        lock.lock();
        try {
            look.run();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Deployed deploy(Path jar, boolean dryRun) throws DeployRefused {
        lock.lock();
        try {
            DroppedJar dropped = DroppedJar.read(jar.toAbsolutePath());
            Deployed before = deployed.get(dropped.symbolicName());
            if (before != null
                    && Version.parseVersion(before.version()).compareTo(dropped.version()) > 0) {
                throw new DeployRefused(
                        ("%s %s is deployed, which is newer than %s; undeploy it first, or "
                                        + "raise Bundle-Version")
                                .formatted(
                                        before.symbolicName(),
                                        before.version(),
                                        dropped.version()));
            }
            Deployed result = bring(dropped, dryRun, true);
            return dryRun ? result : kept(dropped, result);
        } catch (DeployRefused refused) {
            LOG.log(System.Logger.Level.WARNING, "not deployed: {0}", refused.getMessage());
            throw refused;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Deploys what lies in the directory, a lower version too: there the files say what is wanted.
     *
     * @param watch whether it is watched; one that passed in an earlier life need not be again
     */
    Deployed deployFromDirectory(DroppedJar dropped, boolean watch) throws DeployRefused {
        lock.lock();
        try {
            return bring(dropped, false, watch);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void undeploy(String symbolicName) throws DeployRefused {
        lock.lock();
        try {
            remove(symbolicName);
            setAside(symbolicName);
        } finally {
            lock.unlock();
        }
    }

    /** Undeploys what no longer lies in the directory; the jars that do are left alone. */
    void undeployFromDirectory(String symbolicName) throws DeployRefused {
        lock.lock();
        try {
            remove(symbolicName);
        } finally {
            lock.unlock();
        }
    }

    private void remove(String symbolicName) throws DeployRefused {
        Bundle mine = deployedBundle(symbolicName);
        if (mine == null) {
            throw new DeployRefused(
                    namesakes(symbolicName).isEmpty()
                            ? "nothing called %s is deployed; deployed are: %s"
                                    .formatted(
                                            symbolicName,
                                            deployed.isEmpty()
                                                    ? "none"
                                                    : String.join(", ", deployed.keySet()))
                            : symbolicName
                                    + " belongs to the node and was not deployed, so it stays");
        }
        startShipped(symbolicName);
        takeDown(mine, mine::uninstall);
        forget(symbolicName);
        removals.increment();
        LOG.log(System.Logger.Level.INFO, "undeployed {0}", symbolicName);
    }

    @Override
    public List<Deployed> deployed() {
        return published;
    }

    /** Digest of the jar deployed under {@code symbolicName}, or null. */
    String digestOf(String symbolicName) {
        lock.lock();
        try {
            Bundle bundle = deployedBundle(symbolicName);
            return bundle == null
                    ? null
                    : bundle.getLocation().substring(bundle.getLocation().lastIndexOf(':') + 1);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Lets two bundles of one name and version stand side by side while this deployer changes one
     * for the other: a rebuilt bundle keeps its version.
     */
    @Override
    public void filterCollisions(int operation, Bundle target, Collection<Bundle> collisions) {
        if (lock.isHeldByCurrentThread()) {
            collisions.clear();
        }
    }

    private Deployed bring(DroppedJar jar, boolean dryRun, boolean watch) throws DeployRefused {
        DeployOptions allowed = options;
        String signed;
        try {
            signed = keys.verify(jar, allowed.signatures());
            requireAllowed(jar, allowed);
        } catch (DeployRefused refused) {
            refusals.increment();
            throw refused;
        }
        if (jar.sha256().equals(digestOf(jar.symbolicName()))) {
            Deployed same = deployed.get(jar.symbolicName());
            return new Deployed(
                    same.symbolicName(),
                    same.version(),
                    same.bundleId(),
                    "",
                    jar.called() + " is deployed already");
        }
        List<Bundle> older = namesakes(jar.symbolicName());
        Bundle fresh = install(jar);
        boolean stays = false;
        try {
            resolve(fresh, jar);
            String replaced = replacedBy(older);
            if (dryRun) {
                return new Deployed(
                        jar.symbolicName(),
                        jar.version().toString(),
                        -1,
                        replaced,
                        "%s (%s) would be installed%s"
                                .formatted(
                                        jar.called(),
                                        signed,
                                        replaced.isEmpty() ? "" : " in place of " + replaced));
            }
            tryOut(fresh, jar, newerOf(older, jar), allowed, watch);
            stays = true;
            older.forEach(this::retire);
            Deployed result =
                    new Deployed(
                            jar.symbolicName(),
                            jar.version().toString(),
                            fresh.getBundleId(),
                            replaced,
                            "%s (%s) is active as bundle %d%s"
                                    .formatted(
                                            jar.called(),
                                            signed,
                                            fresh.getBundleId(),
                                            replaced.isEmpty() ? "" : " in place of " + replaced));
            remember(result);
            deployments.increment();
            LOG.log(System.Logger.Level.INFO, "{0}; SHA-256 {1}", result.note(), jar.sha256());
            return result;
        } finally {
            if (!stays) {
                takeDown(fresh, fresh::uninstall);
            }
        }
    }

    private void requireAllowed(DroppedJar jar, DeployOptions allowed) throws DeployRefused {
        for (Bundle bundle : namesakes(jar.symbolicName())) {
            if (!isDeployed(bundle) && bundle.getVersion().compareTo(jar.version()) > 0) {
                throw new DeployRefused(
                        "%s is older than the %s that the node itself brings"
                                .formatted(jar.called(), bundle.getVersion()));
            }
        }
        if (allowed.mechanism()) {
            return;
        }
        String remedy =
                "; only deploy.mechanism=true in etc/io.silkstone.node.deployer.cfg allows that";
        for (Bundle bundle : namesakes(jar.symbolicName())) {
            if (!isDeployed(bundle) && !isPolicy(bundle)) {
                throw new DeployRefused(
                        "%s is a part of the node and would be replaced%s"
                                .formatted(jar.symbolicName(), remedy));
            }
        }
        if (jar.fragment()) {
            throw new DeployRefused(
                    "%s is a fragment and would become part of another bundle%s"
                            .formatted(jar.called(), remedy));
        }
        for (String name : jar.exports()) {
            if (OWN_PACKAGE.matcher(name).matches()) {
                throw new DeployRefused(
                        ("%s exports %s, which is the node's own package (leave it out of "
                                        + "Export-Package)%s")
                                .formatted(jar.called(), name, remedy));
            }
        }
    }

    private Bundle install(DroppedJar jar) throws DeployRefused {
        String location = LOCATION + jar.symbolicName() + ":" + jar.version() + ":" + jar.sha256();
        try {
            return context.installBundle(location, new ByteArrayInputStream(jar.bytes()));
        } catch (BundleException failure) {
            refusals.increment();
            throw new DeployRefused(
                    "%s cannot be installed: %s".formatted(jar.called(), reasonOf(failure)));
        }
    }

    private void resolve(Bundle fresh, DroppedJar jar) throws DeployRefused {
        FrameworkWiring wiring = context.getBundle(0).adapt(FrameworkWiring.class);
        if (!wiring.resolveBundles(List.of(fresh))) {
            refusals.increment();
            List<String> missing = requirements.of(fresh);
            throw new DeployRefused(
                    missing.isEmpty()
                            ? "%s cannot be wired: its imports are here, but do not go together"
                                    .formatted(jar.called())
                            : String.join("; ", missing));
        }
    }

    /**
     * Starts {@code fresh} and watches it. Of one policy the highest version is used; so {@code
     * newer} ones are stopped meanwhile, or {@code fresh} would be watched doing nothing.
     */
    private void tryOut(
            Bundle fresh, DroppedJar jar, List<Bundle> newer, DeployOptions allowed, boolean watch)
            throws DeployRefused {
        String fault;
        try {
            fault = start(fresh, allowed.startMs());
            if (fault == null) {
                newer.forEach(bundle -> takeDown(bundle, bundle::stop));
                if (watch || !newer.isEmpty()) {
                    fault = trial.watch(fresh, allowed.startMs(), allowed.watchMs());
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            fault = "the node is stopping";
        }
        if (fault != null) {
            rollBacks.increment();
            newer.forEach(this::startAgain);
            throw new DeployRefused("%s was taken out again: %s".formatted(jar.called(), fault));
        }
    }

    /** Returns what went wrong, or null. */
    private String start(Bundle bundle, long startMs) throws InterruptedException {
        try {
            return calls.get(
                    () -> {
                        try {
                            bundle.start(Bundle.START_ACTIVATION_POLICY);
                            return null;
                        } catch (BundleException | RuntimeException | LinkageError failure) {
                            return "it does not start: " + reasonOf(failure);
                        }
                    },
                    late -> {},
                    startMs);
        } catch (TimeoutException hangs) {
            return "it was still starting after %d ms".formatted(startMs);
        } catch (ExecutionException failed) {
            return "it does not start: " + reasonOf(failed);
        }
    }

    private void startAgain(Bundle bundle) {
        try {
            String fault = start(bundle, options.startMs());
            if (fault != null) {
                LOG.log(System.Logger.Level.WARNING, "{0}: {1}", bundle, fault);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void retire(Bundle old) {
        takeDown(old, isDeployed(old) ? old::uninstall : old::stop);
    }

    /** Stops or uninstalls, which runs the bundle's own code and may take for ever. */
    private void takeDown(Bundle bundle, Removal removal) {
        long limitMs = options.startMs();
        boolean ended =
                calls.finish(
                        () -> {
                            try {
                                removal.run();
                            } catch (BundleException | IllegalStateException failure) {
                                LOG.log(
                                        System.Logger.Level.WARNING,
                                        bundle + " does not go in good order",
                                        failure);
                            }
                        },
                        limitMs);
        if (!ended && !Thread.currentThread().isInterrupted()) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    "{0} was still stopping after {1} ms; what is left of it goes when the node"
                            + " is restarted",
                    bundle,
                    limitMs);
        }
    }

    /** {@link Bundle#stop} or {@link Bundle#uninstall}. */
    @FunctionalInterface
    private interface Removal {
        void run() throws BundleException;
    }

    private void startShipped(String symbolicName) {
        for (Bundle bundle : namesakes(symbolicName)) {
            if (!isDeployed(bundle)) {
                startAgain(bundle);
            }
        }
    }

    /** Takes over what is deployed already, after this bundle alone was restarted. */
    private void adopt() {
        for (Bundle bundle : context.getBundles()) {
            if (isDeployed(bundle)) {
                deployed.put(
                        bundle.getSymbolicName(),
                        new Deployed(
                                bundle.getSymbolicName(),
                                bundle.getVersion().toString(),
                                bundle.getBundleId(),
                                "",
                                "was here before"));
            }
        }
        published = List.copyOf(deployed.values());
    }

    private void remember(Deployed result) {
        deployed.put(result.symbolicName(), result);
        published = List.copyOf(deployed.values());
    }

    private void forget(String symbolicName) {
        deployed.remove(symbolicName);
        published = List.copyOf(deployed.values());
    }

    /** Copies what came from elsewhere into the directory, which brings it back after a restart. */
    private Deployed kept(DroppedJar jar, Deployed result) {
        Path home = directory.toAbsolutePath().normalize();
        if (home.equals(jar.path().normalize().getParent())) {
            return result;
        }
        Path kept = home.resolve(jar.symbolicName() + "-" + jar.version() + ".jar");
        try {
            Files.createDirectories(home);
            Path signature = TrustedKeys.signatureOf(jar.path());
            Path keptSignature = TrustedKeys.signatureOf(kept);
            Files.deleteIfExists(keptSignature);
            if (Files.exists(signature)) {
                Files.copy(signature, keptSignature);
            }
            Path draft = home.resolve("." + kept.getFileName() + ".new");
            Files.write(draft, jar.bytes());
            Files.move(draft, kept, StandardCopyOption.REPLACE_EXISTING);
            return result;
        } catch (IOException failure) {
            LOG.log(System.Logger.Level.WARNING, kept + " cannot be written", failure);
            return new Deployed(
                    result.symbolicName(),
                    result.version(),
                    result.bundleId(),
                    result.replaced(),
                    "%s, but will be gone after a restart: %s could not be written: %s"
                            .formatted(result.note(), kept, failure.getMessage()));
        }
    }

    /** Renames the bundle's jars in the directory, so that they neither come back nor get lost. */
    private void setAside(String symbolicName) throws DeployRefused {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(directory, "*.jar")) {
            for (Path jar : jars) {
                try {
                    if (DroppedJar.read(jar).symbolicName().equals(symbolicName)) {
                        Files.move(
                                jar,
                                jar.resolveSibling(jar.getFileName() + ".undeployed"),
                                StandardCopyOption.REPLACE_EXISTING);
                    }
                } catch (DeployRefused unreadable) {
                    // Not that bundle, as far as anybody can tell.
                }
            }
        } catch (IOException failure) {
            throw new DeployRefused(
                    ("%s is undeployed, but comes back after a restart: its jar in %s could "
                                    + "not be renamed: %s")
                            .formatted(symbolicName, directory, failure.getMessage()));
        }
    }

    private Bundle deployedBundle(String symbolicName) {
        Deployed known = deployed.get(symbolicName);
        Bundle bundle = known == null ? null : context.getBundle(known.bundleId());
        if (known != null && bundle == null) {
            // Somebody uninstalled it by hand.
            forget(symbolicName);
        }
        return bundle;
    }

    private List<Bundle> namesakes(String symbolicName) {
        List<Bundle> found = new ArrayList<>();
        for (Bundle bundle : context.getBundles()) {
            if (symbolicName.equals(bundle.getSymbolicName())) {
                found.add(bundle);
            }
        }
        return found;
    }

    private static List<Bundle> newerOf(List<Bundle> bundles, DroppedJar jar) {
        return bundles.stream()
                .filter(bundle -> bundle.getState() == Bundle.ACTIVE)
                .filter(bundle -> bundle.getVersion().compareTo(jar.version()) > 0)
                .toList();
    }

    private static String replacedBy(List<Bundle> older) {
        return older.stream()
                .filter(bundle -> bundle.getState() != Bundle.RESOLVED || isDeployed(bundle))
                .map(Bundle::getVersion)
                .max(Comparator.naturalOrder())
                .map(Object::toString)
                .orElse("");
    }

    private static boolean isPolicy(Bundle bundle) {
        BundleRevision revision = bundle.adapt(BundleRevision.class);
        return revision != null && !revision.getDeclaredCapabilities(POLICY_CAPABILITY).isEmpty();
    }

    private static boolean isDeployed(Bundle bundle) {
        return bundle.getLocation().startsWith(LOCATION);
    }

    private static String reasonOf(Throwable failure) {
        Throwable root = failure;
        for (int depth = 0; root.getCause() != null && depth < 20; depth++) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getName() : root.getMessage();
    }
}
