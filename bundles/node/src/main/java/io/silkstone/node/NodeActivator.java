package io.silkstone.node;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.base.Metrics;
import io.silkstone.node.config.ConfigStore;
import io.silkstone.node.config.Configuration;
import java.nio.file.Path;
import org.osgi.annotation.bundle.Capability;
import org.osgi.annotation.bundle.Header;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;

/**
 * Starts what components of every bundle count on: metrics, and a configuration that is read and
 * checked before the first of them is activated. A wrong configuration makes the start fail, in one
 * sentence, instead of a node with half of what its operator wrote.
 */
@Header(name = Constants.BUNDLE_ACTIVATOR, value = "${@class}")
@Capability(
        namespace = "osgi.service",
        attribute = "objectClass:List<String>=\"io.silkstone.api.metrics.MetricRegistry\"")
@Capability(
        namespace = "osgi.service",
        attribute = "objectClass:List<String>=\"io.silkstone.node.config.ConfigStore\"")
public final class NodeActivator implements BundleActivator {
    private Configuration configuration;

    /** Called by the framework. */
    public NodeActivator() {}

    @Override
    public void start(BundleContext context) throws Exception {
        String home = context.getProperty("silkstone.home");
        if (home == null) {
            throw new BundleException("the framework property silkstone.home is not set");
        }
        Metrics metrics = new Metrics();
        context.registerService(MetricRegistry.class, metrics, null);
        configuration = new Configuration(context, Path.of(home, "etc"), metrics);
        configuration.start();
        context.registerService(ConfigStore.class, configuration.store(), null);
    }

    @Override
    public void stop(BundleContext context) {
        configuration.close();
    }
}
