package io.silkstone.node.config;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.base.EpochClock;
import io.silkstone.node.diagnosis.ComponentStates;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.BundleException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.log.LogListener;
import org.osgi.service.log.LogReaderService;
import org.osgi.util.tracker.BundleTracker;
import org.osgi.util.tracker.BundleTrackerCustomizer;
import org.osgi.util.tracker.ServiceTracker;

/**
 * The configuration of the running node: {@link EtcDirectory} with the framework's bundles for
 * rules, ConfigAdmin for a target and a thread that looks at the files.
 */
public final class Configuration implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Configuration.class.getName());
    private static final String DOCUMENTS = "OSGI-INF/metatype";
    private static final long SCAN_MS = 500;
    private static final int PRESENT =
            Bundle.INSTALLED | Bundle.RESOLVED | Bundle.STARTING | Bundle.ACTIVE | Bundle.STOPPING;

    private final EtcDirectory etc;
    private final BundleTracker<Bundle> bundles;
    private final ServiceTracker<ServiceComponentRuntime, ServiceComponentRuntime> runtime;
    private final ServiceTracker<LogReaderService, LogReaderService> log;
    private final ScheduledExecutorService scanner;

    /**
     * @throws BundleException when ConfigAdmin is not there yet
     */
    public Configuration(BundleContext context, Path directory, MetricRegistry metrics)
            throws BundleException {
        ServiceReference<ConfigurationAdmin> admin =
                context.getServiceReference(ConfigurationAdmin.class);
        if (admin == null) {
            throw new BundleException(
                    "ConfigAdmin is not there: start org.apache.felix.configadmin before this"
                            + " bundle");
        }
        runtime = new ServiceTracker<>(context, ServiceComponentRuntime.class, null);
        ComponentStates states = new ComponentStates(runtime::getService);
        LoggedRefusals refusals = new LoggedRefusals(states);
        log = listening(context, refusals);
        etc =
                new EtcDirectory(
                        directory,
                        new AdminConfigTarget(
                                context.getService(admin),
                                (pid, sinceMs) -> {
                                    String failure = states.failureOf(pid);
                                    return failure == null ? refusals.of(pid, sinceMs) : failure;
                                }),
                        EpochClock.SYSTEM,
                        metrics.counter(ConfigMetric.REFUSED));
        bundles = new BundleTracker<>(context, PRESENT, new RuleReader());
        scanner =
                Executors.newSingleThreadScheduledExecutor(
                        task -> {
                            Thread thread = new Thread(task, "silkstone-node-etc-1");
                            thread.setDaemon(true);
                            return thread;
                        });
    }

    /**
     * Reads the rules of every bundle and every file, and begins to watch both.
     *
     * @throws ConfigRefused when a file is wrong
     * @throws IOException when the files cannot be read
     */
    public void start() throws ConfigRefused, IOException {
        runtime.open();
        log.open();
        // A synchronous tracker: a bundle's rules are known, and its file is in force, before any
        // of its components can be activated.
        bundles.open();
        try {
            etc.start();
        } catch (ConfigRefused | IOException refused) {
            close();
            throw refused;
        }
        scanner.scheduleWithFixedDelay(this::scan, SCAN_MS, SCAN_MS, TimeUnit.MILLISECONDS);
    }

    /** For the other parts of this bundle. */
    public ConfigStore store() {
        return etc;
    }

    @Override
    public void close() {
        scanner.shutdownNow();
        bundles.close();
        log.close();
        runtime.close();
    }

    private static ServiceTracker<LogReaderService, LogReaderService> listening(
            BundleContext context, LogListener listener) {
        return new ServiceTracker<>(context, LogReaderService.class, null) {
            @Override
            public LogReaderService addingService(ServiceReference<LogReaderService> found) {
                LogReaderService reader = super.addingService(found);
                reader.addLogListener(listener);
                return reader;
            }

            @Override
            public void removedService(
                    ServiceReference<LogReaderService> gone, LogReaderService reader) {
                reader.removeLogListener(listener);
                super.removedService(gone, reader);
            }
        };
    }

    private void scan() {
        try {
            etc.scan();
        } catch (IOException | RuntimeException failure) {
            LOG.log(System.Logger.Level.ERROR, "etc could not be looked at", failure);
        }
    }

    /** Reads the Metatype documents of bundles without making the framework resolve them. */
    private final class RuleReader implements BundleTrackerCustomizer<Bundle> {
        @Override
        public Bundle addingBundle(Bundle bundle, BundleEvent event) {
            List<ConfigSchema> schemas = new ArrayList<>();
            Enumeration<String> paths = bundle.getEntryPaths(DOCUMENTS);
            while (paths != null && paths.hasMoreElements()) {
                String path = paths.nextElement();
                if (!path.endsWith(".xml")) {
                    continue;
                }
                URL document = bundle.getEntry(path);
                try (InputStream in = document.openStream()) {
                    schemas.addAll(SchemaReader.read(in));
                } catch (IOException wrong) {
                    LOG.log(
                            System.Logger.Level.WARNING,
                            "{0} of {1} is no Metatype document: {2}",
                            path,
                            bundle.getSymbolicName(),
                            wrong.getMessage());
                }
            }
            etc.schemasOf(bundle.getBundleId(), schemas);
            return bundle;
        }

        @Override
        public void modifiedBundle(Bundle bundle, BundleEvent event, Bundle tracked) {
            // Its rules change with its content alone, which an update would bring.
            if (event != null && event.getType() == BundleEvent.UPDATED) {
                etc.forgetSchemasOf(bundle.getBundleId());
                addingBundle(bundle, event);
            }
        }

        @Override
        public void removedBundle(Bundle bundle, BundleEvent event, Bundle tracked) {
            etc.forgetSchemasOf(bundle.getBundleId());
        }
    }
}
