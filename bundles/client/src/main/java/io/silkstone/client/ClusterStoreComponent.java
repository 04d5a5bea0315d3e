package io.silkstone.client;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.store.KvStore;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcComponent;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/**
 * The cluster's tables as one store, beside the store of this node and ranked above it: whoever
 * does not say which one it means gets all of the cluster. In a node that is alone there is no
 * {@link Rpc}, and nothing is published.
 */
@Component(
        name = "io.silkstone.client.cluster",
        immediate = true,
        service = {})
@Capability(
        namespace = "osgi.service",
        attribute = {
            "objectClass:List<String>=\"io.silkstone.api.store.KvStore\"",
            "silkstone.scope=cluster"
        })
public final class ClusterStoreComponent {
    private static final int RANKING = 100;

    private final ClusterStore store;
    private final ServiceRegistration<KvStore> registration;

    /** Publishes the store if this node belongs to a cluster. */
    @Activate
    public ClusterStoreComponent(
            BundleContext context,
            @Reference MetricRegistry metrics,
            @Reference(
                            service = Rpc.class,
                            cardinality = ReferenceCardinality.OPTIONAL,
                            policyOption = ReferencePolicyOption.GREEDY)
                    Map.Entry<Map<String, Object>, Rpc> rpc) {
        if (rpc == null) {
            store = null;
            registration = null;
            return;
        }
        String[] coordinators = (String[]) rpc.getKey().get(RpcComponent.COORDINATORS);
        store =
                new ClusterStore(
                        rpc.getValue(),
                        List.of(coordinators),
                        ClientOptions.DEFAULT,
                        new SplittableRandom(),
                        metrics);
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put("silkstone.scope", "cluster");
        properties.put(Constants.SERVICE_RANKING, RANKING);
        registration = context.registerService(KvStore.class, store, properties);
    }

    @Deactivate
    void close() {
        if (store != null) {
            registration.unregister();
            store.close();
        }
    }
}
