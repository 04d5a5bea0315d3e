package io.silkstone.launcher;

import io.silkstone.launcher.ClusterState.Stage;
import java.lang.reflect.InvocationTargetException;
import java.util.List;
import java.util.Optional;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;

/**
 * The node's view of its cluster, asked from outside of the bundles: their types are not visible
 * here, hence reflection on a few methods of {@code Cluster} and its map.
 */
final class ClusterService {
    private static final String NAME = "io.silkstone.api.cluster.Cluster";

    private ClusterService() {}

    /** How far the node is; nothing when it is alone. */
    static Optional<ClusterState> state(BundleContext context) {
        ServiceReference<?> reference = context.getServiceReference(NAME);
        Object cluster = reference == null ? null : context.getService(reference);
        if (cluster == null) {
            return Optional.empty();
        }
        try {
            Class<?> type = reference.getBundle().loadClass(NAME);
            boolean isMember = (boolean) type.getMethod("isMember").invoke(cluster);
            String words = (String) type.getMethod("status").invoke(cluster);
            Object map = type.getMethod("map").invoke(cluster);
            return Optional.of(new ClusterState(stage(isMember, map), words));
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(NAME + " is not as it was built", e);
        } finally {
            context.ungetService(reference);
        }
    }

    private static Stage stage(boolean isMember, Object map) throws ReflectiveOperationException {
        if (!isMember) {
            return Stage.JOINING;
        }
        List<?> tablets = (List<?>) part(map, "tablets");
        for (Object tablet : tablets) {
            if (part(tablet, "state").toString().equals("LOST")) {
                return Stage.MEMBER;
            }
        }
        return tablets.isEmpty() ? Stage.MEMBER : Stage.SERVING;
    }

    private static Object part(Object whole, String name) throws ReflectiveOperationException {
        return whole.getClass().getMethod(name).invoke(whole);
    }
}
