package io.silkstone.launcher;

import io.silkstone.launcher.Distribution.BundleFile;
import io.silkstone.launcher.log.BundleLog;
import io.silkstone.launcher.log.FrameworkLog;
import io.silkstone.launcher.log.NodeLog;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.service.condition.Condition;

/**
 * The OSGi framework of a node with the distribution's bundles in it. Its storage is in {@code
 * run/cache} and new at each start: what a node must remember is in {@code etc}, {@code deploy} and
 * {@code data}.
 */
final class NodeFramework {
    private static final String LAST_START_LEVEL = "5";
    private static final String READY = "silkstone.ready";

    /**
     * The events of the framework and of the log have listeners of their own, which everybody uses
     * here. EventAdmin would post each of them again to nobody, through its pool of threads; at the
     * end it goes on doing so when the pool is gone, and warns of it.
     */
    private static final String EVENTS_NOT_POSTED = "org/osgi/framework*,org/osgi/service/log*";

    private static final String ENDPOINT_PROVIDER = "io.silkstone.api.node.EndpointProvider";

    private final Framework framework;
    private final NodeLog log;
    private final Map<Bundle, Throwable> failures = new ConcurrentHashMap<>();

    private NodeFramework(Framework framework, NodeLog log) {
        this.framework = framework;
        this.log = log;
    }

    /**
     * What bundles can read as framework properties.
     *
     * @param home the home directory
     * @param hold a name for this process's hold on it, see {@link Home#hold}
     * @param run its disposable part
     * @param version Silkstone's version
     * @param nodeId the node's identity
     * @param portBase the first of its ports
     * @param aeronDirectory where a media driver may keep its buffers
     * @param console whether the shell shall talk to this process's terminal
     * @param sharedPackages what the framework exports from the class path
     */
    record Properties(
            Path home,
            String hold,
            Path run,
            String version,
            String nodeId,
            int portBase,
            Path aeronDirectory,
            boolean console,
            String sharedPackages) {
        Map<String, String> asMap() {
            Map<String, String> map = new HashMap<>();
            map.put(Constants.FRAMEWORK_STORAGE, run.resolve("cache").toString());
            map.put(
                    Constants.FRAMEWORK_STORAGE_CLEAN,
                    Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
            map.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, sharedPackages);
            map.put(Constants.FRAMEWORK_BEGINNING_STARTLEVEL, LAST_START_LEVEL);
            // The files in etc are the truth; what ConfigurationAdmin keeps is a copy of them.
            map.put("felix.cm.dir", run.resolve("config").toString());
            map.put("org.apache.felix.eventadmin.IgnoreTopic", EVENTS_NOT_POSTED);
            map.put("silkstone.home", home.toString());
            map.put("silkstone.home.hold", hold);
            map.put("silkstone.version", version);
            map.put("silkstone.node.id", nodeId);
            map.put("silkstone.port.base", Integer.toString(portBase));
            map.put("silkstone.aeron.dir", aeronDirectory.toString());
            map.put("silkstone.console", Boolean.toString(console));
            return map;
        }
    }

    /** A framework that does not run yet; what it says goes to {@code log}. */
    static NodeFramework create(Properties properties, NodeLog log) {
        Map<String, Object> configuration = new HashMap<>(properties.asMap());
        configuration.put("felix.log.logger", new FrameworkLog(log));
        // The factory's signature says strings, yet Felix takes a logger object here.
        @SuppressWarnings({"unchecked", "rawtypes"})
        Map<String, String> asTheFactoryWants = (Map) configuration;
        Framework framework =
                ServiceLoader.load(FrameworkFactory.class)
                        .findFirst()
                        .orElseThrow()
                        .newFramework(asTheFactoryWants);
        return new NodeFramework(framework, log);
    }

    /**
     * Installs {@code bundles} and starts them, level by level.
     *
     * @throws StartRefused when one of them cannot be installed, resolved or started; then {@link
     *     #stop} what runs already
     */
    void start(List<BundleFile> bundles) throws StartRefused {
        try {
            framework.init(this::remember);
            BundleLog.sendTo(log, framework.getBundleContext());
            framework.getBundleContext().addFrameworkListener(this::remember);
            List<Bundle> started = install(bundles);
            framework.start();
            for (Bundle bundle : started) {
                requireStarted(bundle);
            }
        } catch (BundleException e) {
            throw new StartRefused("The framework cannot start: %s".formatted(e.getMessage()), e);
        }
    }

    BundleContext context() {
        return framework.getBundleContext();
    }

    /**
     * What the node serves, {@code redis 127.0.0.1:7600} for example.
     *
     * <p>The types of these services belong to a bundle, and bundles' types are not visible here;
     * hence reflection, on the one interface and the one record that this needs.
     */
    List<String> endpoints() {
        List<String> lines = new ArrayList<>();
        try {
            ServiceReference<?>[] found =
                    context().getAllServiceReferences(ENDPOINT_PROVIDER, null);
            if (found != null) {
                for (ServiceReference<?> reference : found) {
                    addEndpoints(reference, lines);
                }
            }
        } catch (InvalidSyntaxException | ReflectiveOperationException e) {
            throw new IllegalStateException(ENDPOINT_PROVIDER + " is not as it was built", e);
        }
        lines.sort(null);
        return lines;
    }

    /** Tells bundles that the node serves and that its start has been reported. */
    void announceReady() {
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put(Condition.CONDITION_ID, READY);
        context().registerService(Condition.class, Condition.INSTANCE, properties);
    }

    /**
     * Waits until the framework has stopped, whoever stopped it, but no longer than {@code millis}.
     *
     * @return whether it is still active
     */
    boolean awaitStop(long millis) throws InterruptedException {
        FrameworkEvent event = framework.waitForStop(millis);
        return event.getType() == FrameworkEvent.WAIT_TIMEDOUT
                && framework.getState() == Bundle.ACTIVE;
    }

    /** Waits until the framework has stopped for good. */
    void awaitStop() throws InterruptedException {
        framework.waitForStop(0);
    }

    /**
     * Stops the framework and all bundles.
     *
     * @param millis how long to wait for that, 0 for ever
     */
    void stop(long millis) {
        try {
            framework.stop();
            framework.waitForStop(millis);
        } catch (BundleException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Installs all of {@code files}; returns those that will be started, which are marked so. */
    private List<Bundle> install(List<BundleFile> files) throws StartRefused, BundleException {
        List<Bundle> toStart = new ArrayList<>();
        for (BundleFile file : files) {
            try {
                Bundle bundle = context().installBundle(file.jar().toUri().toString());
                if (!isFragment(bundle)) {
                    bundle.adapt(BundleStartLevel.class).setStartLevel(file.startLevel());
                    toStart.add(bundle);
                }
            } catch (BundleException e) {
                throw new StartRefused(
                        "%s cannot be installed: %s.".formatted(file.jar(), e.getMessage()), e);
            }
        }
        for (Bundle bundle : toStart) {
            bundle.start(Bundle.START_ACTIVATION_POLICY);
        }
        return toStart;
    }

    private void requireStarted(Bundle bundle) throws StartRefused {
        if (bundle.getState() == Bundle.ACTIVE || bundle.getState() == Bundle.STARTING) {
            return;
        }
        Throwable failure = failures.get(bundle);
        while (failure != null && failure.getCause() != null) {
            failure = failure.getCause();
        }
        if (failure != null && !(failure instanceof BundleException)) {
            // The words of the bundle's own activator: they are for operators already.
            throw new StartRefused(String.valueOf(failure.getMessage()), failure);
        }
        throw new StartRefused(
                "Bundle %s %s does not start: %s"
                        .formatted(
                                bundle.getSymbolicName(),
                                bundle.getVersion(),
                                failure == null ? "no reason is known." : failure.getMessage()),
                failure);
    }

    private void remember(FrameworkEvent event) {
        if (event.getType() == FrameworkEvent.ERROR) {
            failures.putIfAbsent(event.getBundle(), event.getThrowable());
        }
    }

    private void addEndpoints(ServiceReference<?> reference, List<String> lines)
            throws ReflectiveOperationException {
        Object provider = context().getService(reference);
        if (provider == null) {
            return;
        }
        try {
            Class<?> type = reference.getBundle().loadClass(ENDPOINT_PROVIDER);
            Object endpoints = type.getMethod("endpoints").invoke(provider);
            for (Object endpoint : (List<?>) endpoints) {
                lines.add(part(endpoint, "protocol") + " " + part(endpoint, "address"));
            }
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(e.getCause());
        } finally {
            context().ungetService(reference);
        }
    }

    private static Object part(Object endpoint, String name) throws ReflectiveOperationException {
        return endpoint.getClass().getMethod(name).invoke(endpoint);
    }

    private static boolean isFragment(Bundle bundle) {
        return (bundle.adapt(BundleRevision.class).getTypes() & BundleRevision.TYPE_FRAGMENT) != 0;
    }
}
