package io.silkstone.launcher;

import io.silkstone.launcher.Distribution.BundleFile;
import io.silkstone.launcher.log.BundleLog;
import io.silkstone.launcher.log.FrameworkLog;
import io.silkstone.launcher.log.NodeLog;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
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

/**
 * The OSGi framework of a node with the distribution's bundles in it. Its storage is in {@code
 * run/cache} and new at each start: what a node must remember is in {@code etc}, {@code deploy} and
 * {@code data}.
 */
final class NodeFramework {
    /** What the framework takes from the class path, where the launcher shares it with bundles. */
    private static final String SHARED_PACKAGES =
            "org.osgi.service.log;version=1.5.0,"
                    + "org.osgi.service.log.admin;version=1.0.0,"
                    + "org.osgi.service.component;version=1.5.1,"
                    + "org.osgi.service.component.propertytypes;version=1.5.0,"
                    + "org.osgi.service.component.runtime;version=1.5.0,"
                    + "org.osgi.service.component.runtime.dto;version=1.5.0,"
                    + "org.osgi.util.promise;version=1.3.0,"
                    + "org.osgi.util.function;version=1.2.0,"
                    // HdrHistogram's manifest asks for a package that its code does without.
                    + "javax.xml.bind";

    private static final String LAST_START_LEVEL = "5";
    private static final String ENDPOINT_PROVIDER = "io.silkstone.api.node.EndpointProvider";

    private final Framework framework;
    private final Map<Bundle, Throwable> failures = new ConcurrentHashMap<>();

    private NodeFramework(Framework framework) {
        this.framework = framework;
    }

    /**
     * What bundles can read as framework properties.
     *
     * @param home the home directory
     * @param run its disposable part
     * @param version Silkstone's version
     * @param nodeId the node's identity
     * @param portBase the first of its ports
     * @param aeronDirectory where a media driver may keep its buffers
     * @param console whether the shell shall talk to this process's terminal
     */
    record Properties(
            Path home,
            Path run,
            String version,
            String nodeId,
            int portBase,
            Path aeronDirectory,
            boolean console) {
        Map<String, String> asMap() {
            Map<String, String> map = new HashMap<>();
            map.put(Constants.FRAMEWORK_STORAGE, run.resolve("cache").toString());
            map.put(
                    Constants.FRAMEWORK_STORAGE_CLEAN,
                    Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
            map.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, SHARED_PACKAGES);
            map.put(Constants.FRAMEWORK_BEGINNING_STARTLEVEL, LAST_START_LEVEL);
            // The files in etc are the truth; what ConfigurationAdmin keeps is a copy of them.
            map.put("felix.cm.dir", run.resolve("config").toString());
            map.put("silkstone.home", home.toString());
            map.put("silkstone.version", version);
            map.put("silkstone.node.id", nodeId);
            map.put("silkstone.port.base", Integer.toString(portBase));
            map.put("silkstone.aeron.dir", aeronDirectory.toString());
            map.put("silkstone.console", Boolean.toString(console));
            return map;
        }
    }

    /**
     * Installs {@code bundles} and starts them, level by level.
     *
     * @throws StartRefused when one of them cannot be installed, resolved or started
     */
    static NodeFramework start(Properties properties, List<BundleFile> bundles, NodeLog log)
            throws StartRefused {
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
        NodeFramework node = new NodeFramework(framework);
        try {
            framework.init(node::remember);
            BundleLog.sendTo(log, framework.getBundleContext());
            framework.getBundleContext().addFrameworkListener(node::remember);
            List<Bundle> started = node.install(bundles);
            framework.start();
            for (Bundle bundle : started) {
                node.requireStarted(bundle);
            }
            return node;
        } catch (BundleException e) {
            node.stop(0);
            throw new StartRefused("The framework cannot start: %s".formatted(e.getMessage()), e);
        } catch (StartRefused e) {
            node.stop(0);
            throw e;
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

    /** Waits until the framework has stopped, whoever stopped it. */
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
