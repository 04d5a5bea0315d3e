package io.silkstone.node.config;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Dictionary;
import java.util.Enumeration;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/**
 * ConfigAdmin as the target. What comes from a file carries a private mark, so that a file which
 * was removed while the node was down is not remembered by ConfigAdmin's own store.
 */
final class AdminConfigTarget implements ConfigTarget {
    private static final String MARK = ".silkstone.file";

    private final ConfigurationAdmin admin;
    private final Failures failures;

    /** Who knows what {@link #failure} is asked. */
    @FunctionalInterface
    interface Failures {
        String of(String pid, long sinceMs);
    }

    AdminConfigTarget(ConfigurationAdmin admin, Failures failures) {
        this.admin = admin;
        this.failures = failures;
    }

    @Override
    public void update(String pid, Map<String, Object> values) throws IOException {
        Dictionary<String, Object> properties = new Hashtable<>(values);
        properties.put(MARK, pid);
        configuration(pid).update(properties);
    }

    @Override
    public void delete(String pid) throws IOException {
        for (Configuration configuration : list("(" + MARK + "=" + pid + ")")) {
            configuration.delete();
        }
    }

    @Override
    public Map<String, Object> current(String pid) throws IOException {
        Map<String, Object> values = new TreeMap<>();
        for (Configuration configuration : list("(service.pid=" + pid + ")")) {
            Dictionary<String, Object> properties = configuration.getProperties();
            for (Enumeration<String> keys = properties.keys(); keys.hasMoreElements(); ) {
                String key = keys.nextElement();
                values.put(key, properties.get(key));
            }
        }
        return values;
    }

    @Override
    public Collection<String> fromFiles() {
        List<String> pids = new ArrayList<>();
        try {
            for (Configuration configuration : list("(" + MARK + "=*)")) {
                pids.add(String.valueOf(configuration.getProperties().get(MARK)));
            }
        } catch (IOException unreadable) {
            return List.of();
        }
        return pids;
    }

    @Override
    public String failure(String pid, long sinceMs) {
        return failures.of(pid, sinceMs);
    }

    private Configuration configuration(String pid) throws IOException {
        int tilde = pid.indexOf('~');
        return tilde < 0
                ? admin.getConfiguration(pid, "?")
                : admin.getFactoryConfiguration(
                        pid.substring(0, tilde), pid.substring(tilde + 1), "?");
    }

    private Configuration[] list(String filter) throws IOException {
        try {
            Configuration[] found = admin.listConfigurations(filter);
            return found == null ? new Configuration[0] : found;
        } catch (InvalidSyntaxException wrong) {
            throw new IOException("not a PID: " + wrong.getFilter(), wrong);
        }
    }
}
