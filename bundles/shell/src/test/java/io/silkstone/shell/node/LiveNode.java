package io.silkstone.shell.node;

import io.silkstone.api.node.EndpointProvider;
import io.silkstone.api.policy.PolicyDirectory;
import io.silkstone.shell.command.CommandCatalog;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.apache.felix.framework.FrameworkFactory;
import org.apache.felix.scr.info.ScrInfo;
import org.apache.felix.service.command.CommandProcessor;
import org.jline.terminal.Terminal;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.service.component.ComponentContext;
import org.osgi.util.tracker.ServiceTracker;

/** A Felix framework with the real gogo and the bundle under test as it lies in target/classes. */
public final class LiveNode implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Framework framework;
    private final Path home;

    private LiveNode(Framework framework, Path home) {
        this.framework = framework;
        this.home = home;
    }

    /** Starts a node in {@code home} and waits until its control socket is there. */
    public static LiveNode start(Path home) throws Exception {
        LiveNode node = startWithoutWaiting(home, "felix", false);
        node.await(EndpointProvider.class);
        return node;
    }

    /**
     * Starts a node in {@code home} whose framework keeps its cache in {@code storage}, with a
     * shell on the terminal or without.
     */
    public static LiveNode startWithoutWaiting(Path home, String storage, boolean console)
            throws Exception {
        Map<String, String> settings = new HashMap<>();
        settings.put("silkstone.console", String.valueOf(console));
        settings.put(Constants.FRAMEWORK_STORAGE, home.resolve(storage).toString());
        settings.put(Constants.FRAMEWORK_STORAGE_CLEAN, "onFirstInit");
        settings.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, apiPackages());
        settings.put("silkstone.home", home.toString());
        settings.put("silkstone.version", "9.9.9");
        Framework framework = new FrameworkFactory().newFramework(settings);
        framework.init();
        for (Class<?> content :
                List.of(
                        ComponentContext.class,
                        ScrInfo.class,
                        Terminal.class,
                        CommandProcessor.class,
                        CommandCatalog.class)) {
            framework.getBundleContext().installBundle("reference:" + location(content));
        }
        framework.start();
        for (Bundle bundle : framework.getBundleContext().getBundles()) {
            if (bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
                bundle.start();
            }
        }
        return new LiveNode(framework, home);
    }

    /** The framework's context, to publish services with. */
    public BundleContext context() {
        return framework.getBundleContext();
    }

    /** Where its control socket is. */
    public Path socket() {
        return home.resolve("run").resolve("control.sock");
    }

    /** The bundle called {@code symbolicName}. */
    public Bundle bundle(String symbolicName) {
        for (Bundle bundle : context().getBundles()) {
            if (bundle.getSymbolicName().equals(symbolicName)) {
                return bundle;
            }
        }
        throw new IllegalArgumentException(symbolicName);
    }

    /** A working service of {@code type}, or null. */
    public <S> S serviceOrNull(Class<S> type) {
        ServiceReference<S> reference = context().getServiceReference(type);
        return reference == null ? null : context().getService(reference);
    }

    /** Waits for a service of {@code type}. */
    public <S> S await(Class<S> type) throws InterruptedException {
        ServiceTracker<S, S> tracker = new ServiceTracker<>(context(), type, null);
        tracker.open();
        S service = tracker.waitForService(PATIENCE.toMillis());
        if (service == null) {
            throw new IllegalStateException("No " + type.getSimpleName() + " came.");
        }
        return service;
    }

    /** Waits until something stops the node. */
    public void awaitStop() throws InterruptedException {
        framework.waitForStop(0);
    }

    @Override
    public void close() throws BundleException {
        framework.stop();
        try {
            framework.waitForStop(PATIENCE.toMillis());
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** What the api bundle exports, in the versions that bundles are built against. */
    private static String apiPackages() throws IOException {
        return "org.osgi.util.promise;version=1.3.0,org.osgi.util.function;version=1.2.0,"
                + manifestOf(PolicyDirectory.class).getMainAttributes().getValue("Export-Package");
    }

    private static Manifest manifestOf(Class<?> content) throws IOException {
        Path path = Path.of(URI.create(location(content)));
        if (Files.isDirectory(path)) {
            try (InputStream in = Files.newInputStream(path.resolve(JarFile.MANIFEST_NAME))) {
                return new Manifest(in);
            }
        }
        try (JarFile jar = new JarFile(path.toFile())) {
            return jar.getManifest();
        }
    }

    /** The jar or folder of classes that {@code content} comes from. */
    public static String location(Class<?> content) {
        return new File(content.getProtectionDomain().getCodeSource().getLocation().getPath())
                .toURI()
                .toString();
    }
}
