package io.silkstone.node;

import io.silkstone.api.node.Node;
import io.silkstone.api.policy.PolicySlot;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.felix.framework.FrameworkFactory;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.launch.Framework;
import org.osgi.util.tracker.ServiceTracker;

/**
 * A real Felix framework in the test's JVM with a log, Declarative Services, ConfigAdmin and the
 * node bundle from its build folder. The contracts come from the class path, so that a test talks
 * to services by their own types.
 */
public final class LiveFramework implements AutoCloseable {
    private static final long WAIT_MS = 20_000;

    private static final List<String> BUNDLES =
            List.of(
                    "org.apache.felix.log.Activator",
                    "org.osgi.util.function.Function",
                    "org.osgi.util.promise.Promise",
                    "org.osgi.service.component.ComponentConstants",
                    "org.apache.felix.cm.impl.ConfigurationManager",
                    "org.apache.felix.scr.impl.Activator");

    private static final String SHARED =
            "io.silkstone.api.metrics;version=1.0.0,io.silkstone.api.node;version=1.0.0,"
                    + "io.silkstone.api.policy;version=1.0.0,io.silkstone.api.store;version=2.4.0,"
                    + "io.silkstone.api.threads;version=1.1.0,"
                    + "io.silkstone.base;version=1.1.0,org.apache.felix.hc.api;version=2.0.4";

    private final Framework framework;
    private final Path home;

    private LiveFramework(Framework framework, Path home) {
        this.framework = framework;
        this.home = home;
    }

    /** Starts everything but the node bundle, with the folders of a home in {@code home}. */
    public static LiveFramework withoutNode(Path home)
            throws BundleException, IOException, ReflectiveOperationException, URISyntaxException {
        for (String folder : List.of("etc", "deploy", "data", "run")) {
            Files.createDirectories(home.resolve(folder));
        }
        Map<String, String> properties = new HashMap<>();
        properties.put(Constants.FRAMEWORK_STORAGE, home.resolve("run/cache").toString());
        properties.put(
                Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
        properties.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, SHARED);
        properties.put("felix.cm.dir", home.resolve("run/config").toString());
        properties.put("silkstone.home", home.toString());
        Framework framework = new FrameworkFactory().newFramework(properties);
        framework.start();
        LiveFramework live = new LiveFramework(framework, home);
        for (String type : BUNDLES) {
            live.context().installBundle("file:" + placeOf(type)).start();
        }
        return live;
    }

    /** Starts a whole node. */
    public static LiveFramework withNode(Path home)
            throws BundleException, IOException, ReflectiveOperationException, URISyntaxException {
        LiveFramework live = withoutNode(home);
        live.installNode().start();
        return live;
    }

    /** Installs the node bundle. */
    public Bundle installNode()
            throws BundleException, ReflectiveOperationException, URISyntaxException {
        return install("io.silkstone.node.NodeActivator");
    }

    /** Installs the bundle that {@code type} is in, from its build folder. */
    public Bundle install(String type)
            throws BundleException, ReflectiveOperationException, URISyntaxException {
        return context().installBundle("reference:file:" + placeOf(type));
    }

    /** The system bundle's context. */
    public BundleContext context() {
        return framework.getBundleContext();
    }

    /** The home directory. */
    public Path home() {
        return home;
    }

    /** The service of {@code type}, waiting for it. */
    public <T> T service(Class<T> type) throws InterruptedException {
        ServiceTracker<T, T> tracker = new ServiceTracker<>(context(), type, null);
        tracker.open();
        T service = tracker.waitForService(WAIT_MS);
        if (service == null) {
            ServiceReference<Node> node = context().getServiceReference(Node.class);
            throw new AssertionError(
                    "no service %s: %s"
                            .formatted(
                                    type.getName(),
                                    node == null ? "no node" : context().getService(node).why("")));
        }
        return service;
    }

    /** Publishes {@code slot} as a mechanism would. */
    public ServiceRegistration<PolicySlot> register(PolicySlot slot) {
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put("silkstone.kind", slot.kind());
        return context().registerService(PolicySlot.class, slot, properties);
    }

    /** Waits until {@code condition} holds. */
    public static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WAIT_MS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadlineNs > 0) {
                throw new AssertionError("not within " + WAIT_MS + " ms: " + what);
            }
            Thread.sleep(5);
        }
    }

    /** Whether any bundle still holds the service that {@code reference} is for. */
    public static boolean isHeld(ServiceReference<?> reference) {
        return reference.getUsingBundles() != null && reference.getUsingBundles().length > 0;
    }

    @Override
    public void close() throws BundleException {
        framework.stop();
        try {
            framework.waitForStop(WAIT_MS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static Path placeOf(String type)
            throws ReflectiveOperationException, URISyntaxException {
        Class<?> loaded = Class.forName(type, false, LiveFramework.class.getClassLoader());
        return Path.of(loaded.getProtectionDomain().getCodeSource().getLocation().toURI());
    }
}
