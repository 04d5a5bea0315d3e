package io.silkstone.coordinator.balance;

import io.silkstone.api.balance.Balancer;
import io.silkstone.api.policy.PolicySlot;
import io.silkstone.base.NanoClock;
import io.silkstone.coordinator.CoordinatorComponent;
import io.silkstone.rpc.Rpc;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * Spreads load where the coordinator of this node leads. The slot is there in every node, so that
 * all of them can be configured alike. A platform thread does the work, which is to wait for
 * others.
 */
@Component(
        name = BalanceComponent.PID,
        immediate = true,
        service = {})
@Designate(ocd = BalanceComponent.Config.class)
@Capability(
        namespace = "osgi.service",
        attribute = "objectClass:List<String>=\"io.silkstone.api.balance.Balancer\"")
@Capability(
        namespace = "osgi.service",
        attribute = {
            "objectClass:List<String>=\"io.silkstone.api.policy.PolicySlot\"",
            "silkstone.kind=balance"
        })
public final class BalanceComponent {
    static final String PID = "io.silkstone.coordinator.balance";

    private static final Logger LOG = System.getLogger(BalanceComponent.class.getName());

    /** Small against the time for which figures look back. */
    private static final long DUTY_NANOS = 500_000_000;

    private static final long END_MS = 2_000;

    private final LoadBalancer balancer;
    private final List<ServiceRegistration<?>> registrations;
    private final Thread thread;
    private volatile boolean closing;

    /** Settings; see the bundle's README. */
    @ObjectClassDefinition(name = "Silkstone coordinator: balance")
    @interface Config {
        /** Whether it runs. */
        @AttributeDefinition(
                description =
                        "whether tablets move from busy servers to idle ones, as the policy of the"
                                + " kind balance says, while this node's coordinator leads")
        boolean enabled() default false;

        /** Whether it does nothing. */
        @AttributeDefinition(
                description = "whether what would be done is only written to the node's log")
        boolean dry_run() default false;

        /** See {@link BalanceOptions#periodNanos}. */
        @AttributeDefinition(
                description = "milliseconds from one look to the next",
                min = "1000",
                max = "3600000")
        long period_ms() default 10_000;

        /** See {@link BalanceOptions#movesAtOnce}. */
        @AttributeDefinition(
                description =
                        "tablets that may be on their way at a time, whoever has them move, so that"
                                + " one more is begun",
                min = "1",
                max = "64")
        int moves_at_once() default 1;

        /** See {@link BalanceOptions#coolDownNanos}. */
        @AttributeDefinition(
                description =
                        "milliseconds for which a tablet stays where it has come, at least; and all"
                                + " tablets when another coordinator leads",
                min = "0",
                max = "86400000")
        long cool_down_ms() default 60_000;
    }

    /** Begins; what it does depends on the configuration, and on who leads. */
    @Activate
    public BalanceComponent(
            Config config,
            BundleContext context,
            @Reference CoordinatorComponent coordinator,
            @Reference(
                            cardinality = ReferenceCardinality.OPTIONAL,
                            policyOption = ReferencePolicyOption.GREEDY)
                    Rpc rpc) {
        BalanceSlot slot = new BalanceSlot(NanoClock.SYSTEM);
        balancer =
                new LoadBalancer(
                        new NodeAccess(coordinator::running, rpc, new SplittableRandom()),
                        slot,
                        checked(config),
                        NanoClock.SYSTEM);
        Dictionary<String, Object> kind = new Hashtable<>();
        kind.put("silkstone.kind", slot.kind());
        registrations =
                List.of(
                        context.registerService(Balancer.class, balancer, null),
                        context.registerService(PolicySlot.class, slot, kind));
        thread = coordinator.isWanted() ? startThread() : null;
    }

    private Thread startThread() {
        return Thread.ofPlatform()
                .daemon()
                .name("silkstone-coordinator-balance-0")
                .start(this::run);
    }

    private static BalanceOptions checked(Config config) {
        return new BalanceOptions(
                config.enabled(),
                config.dry_run(),
                TimeUnit.MILLISECONDS.toNanos(config.period_ms()),
                config.moves_at_once(),
                TimeUnit.MILLISECONDS.toNanos(config.cool_down_ms()));
    }

    private void run() {
        while (!closing) {
            try {
                balancer.doWork();
            } catch (RuntimeException e) {
                // As when all calls are in use: the next time may be better.
                LOG.log(Level.WARNING, "load could not be spread", e);
            }
            LockSupport.parkNanos(DUTY_NANOS);
        }
    }

    @Modified
    void modified(Config config) {
        balancer.configure(checked(config));
    }

    /** A move that is waited for goes on without this. */
    @Deactivate
    void close() {
        closing = true;
        balancer.stop();
        registrations.forEach(ServiceRegistration::unregister);
        if (thread == null) {
            return;
        }
        LockSupport.unpark(thread);
        try {
            thread.join(END_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
