package io.silkstone.rpc;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.transport.Transport;
import io.silkstone.base.NanoClock;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * The {@link Rpc} of a node that belongs to a cluster, polled by the cores of its runtime. A node
 * that is alone gets none, and takes no transport, so that none begins.
 *
 * <p>The transport may be replaced: calls under way wait for the next one, and are sent again.
 * Whoever uses the Rpc sees the same one all the time.
 */
@Component(
        name = RpcComponent.PID,
        immediate = true,
        service = {})
@Designate(ocd = RpcComponent.Config.class)
@Capability(
        namespace = "osgi.service",
        attribute = "objectClass:List<String>=\"io.silkstone.rpc.Rpc\"")
public final class RpcComponent {
    /** Where it is configured. */
    public static final String PID = "io.silkstone.rpc.cluster";

    /** Service property: the addresses of the coordinators, as an array. */
    public static final String COORDINATORS = "silkstone.coordinators";

    /** More than the time of any request that a thread waits for. */
    private static final long LAST_WAIT_NANOS = 15_000_000_000L;

    private static final Logger LOG = System.getLogger(RpcComponent.class.getName());

    private final BundleContext context;
    private final ThreadRuntime threads;
    private final MetricRegistry metrics;
    private final List<String> coordinators;

    /** The transport that there is, and the one in use, which are two while one takes over. */
    private ServiceReference<Transport> offered;

    private ServiceReference<Transport> taken;
    private boolean active;
    private String address;
    private Rpc rpc;
    private AutoCloseable pollers;
    private ServiceRegistration<Rpc> registration;

    /** Settings; see the bundle's README. */
    @ObjectClassDefinition(name = "Silkstone: the cluster of this node")
    @interface Config {
        /** Where coordinators are. */
        @AttributeDefinition(
                description =
                        "addresses of the cluster's coordinators, with commas between; empty for a"
                                + " node that is alone. Applies at the next start.")
        String[] coordinators() default {};
    }

    /** Checks the configuration. */
    @Activate
    public RpcComponent(
            Config config,
            BundleContext context,
            @Reference ThreadRuntime threads,
            @Reference MetricRegistry metrics) {
        this.context = context;
        this.threads = threads;
        this.metrics = metrics;
        coordinators = Coordinators.of(config.coordinators());
    }

    /** By reference, since a transport begins when somebody gets the service. */
    @Reference(
            service = Transport.class,
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    synchronized void bindTransport(ServiceReference<Transport> reference) {
        offered = reference;
        take();
    }

    /** The next one may have waited for what this one held, such as a port. */
    synchronized void unbindTransport(ServiceReference<Transport> reference) {
        if (reference.equals(offered)) {
            offered = null;
        }
        if (reference.equals(taken)) {
            rpc.transport(NoTransport.INSTANCE);
            context.ungetService(taken);
            taken = null;
            take();
        }
    }

    /** Begins when there is a transport; without one it waits for one. */
    @Activate
    synchronized void start() {
        active = true;
        take();
        if (!coordinators.isEmpty() && taken == null) {
            LOG.log(Level.WARNING, "this node has no transport, and waits for one");
        }
    }

    private void take() {
        if (!active || coordinators.isEmpty() || offered == null || offered.equals(taken)) {
            return;
        }
        Transport transport = context.getService(offered);
        if (transport == null) {
            // Why it does not start is what its own component says.
            return;
        }
        if (rpc == null) {
            begin(transport);
        } else {
            rpc.transport(transport);
            noteAddress(transport);
        }
        if (taken != null) {
            context.ungetService(taken);
        }
        taken = offered;
    }

    private void begin(Transport transport) {
        address = transport.address();
        Rpc fresh =
                new Rpc(
                        transport,
                        RpcOptions.DEFAULT,
                        NanoClock.SYSTEM,
                        threads,
                        Patience.of(threads),
                        new SplittableRandom(),
                        metrics);
        try {
            // An address that the transport does not understand is refused now, in its own words.
            coordinators.forEach(fresh::peer);
        } catch (IllegalArgumentException e) {
            fresh.close();
            context.ungetService(offered);
            throw new IllegalArgumentException("coordinators: " + e.getMessage(), e);
        }
        rpc = fresh;
        pollers = threads.attach(core -> new RpcPoller(fresh, () -> {}));
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put(COORDINATORS, coordinators.toArray(String[]::new));
        registration = context.registerService(Rpc.class, fresh, properties);
    }

    private void noteAddress(Transport transport) {
        String place = transport.address().replaceFirst("\\?.*", "");
        if (!place.equals(address.replaceFirst("\\?.*", ""))) {
            LOG.log(
                    Level.WARNING,
                    "this node is reached at {0} now, and its cluster knows it at {1} until it"
                            + " starts again",
                    place,
                    address);
        }
    }

    /** Nothing of it changes while the node runs: its store was opened for a cluster or not. */
    @Modified
    void modified(Config config) {
        if (!Coordinators.of(config.coordinators()).equals(coordinators)) {
            LOG.log(Level.WARNING, "{0}: coordinators changes at the next start only", PID);
        }
    }

    /** User threads that wait are woken by those who poll: first what they wait for must end. */
    private void awaitNobody() throws InterruptedException {
        long deadline = rpc.now() + LAST_WAIT_NANOS;
        while (rpc.isAwaited() && rpc.now() - deadline < 0) {
            TimeUnit.NANOSECONDS.sleep(Rpc.LOOK_NANOS);
        }
        if (rpc.isAwaited()) {
            LOG.log(Level.ERROR, "a request to the cluster did not end, though its time is over");
        }
    }

    @Deactivate
    synchronized void close() throws Exception {
        active = false;
        if (rpc != null) {
            registration.unregister();
            rpc.close();
            awaitNobody();
            pollers.close();
            rpc.transport(NoTransport.INSTANCE);
            rpc = null;
        }
        if (taken != null) {
            context.ungetService(taken);
            taken = null;
        }
    }
}
