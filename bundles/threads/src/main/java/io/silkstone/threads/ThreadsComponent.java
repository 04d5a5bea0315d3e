package io.silkstone.threads;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.policy.PolicySlot;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Checks;
import io.silkstone.base.NanoClock;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.Designate;

/**
 * Runs one {@link ArachneRuntime} and publishes it, together with its policy slot. The services are
 * registered by hand, because they are the runtime's own objects: a request that goes through them
 * meets no wrapper.
 */
@Component(
        name = "io.silkstone.threads.runtime",
        immediate = true,
        service = {})
@Designate(ocd = ThreadsConfig.class)
@Capability(
        namespace = "osgi.service",
        attribute = "objectClass:List<String>=\"io.silkstone.api.threads.ThreadRuntime\"")
@Capability(
        namespace = "osgi.service",
        attribute = {
            "objectClass:List<String>=\"io.silkstone.api.policy.PolicySlot\"",
            "silkstone.kind=cores"
        })
public final class ThreadsComponent {
    private static final System.Logger LOG = System.getLogger(ThreadsComponent.class.getName());

    private final ArachneRuntime runtime;
    private final List<ServiceRegistration<?>> registrations;
    private ArachneOptions options;

    /** Starts the runtime. */
    @Activate
    public ThreadsComponent(
            ThreadsConfig config, BundleContext context, @Reference MetricRegistry metrics) {
        options = checked(config);
        runtime = ArachneRuntime.start(options, NanoClock.SYSTEM, new SplittableRandom(), metrics);
        Dictionary<String, Object> kind = new Hashtable<>();
        kind.put("silkstone.kind", runtime.policySlot().kind());
        registrations =
                List.of(
                        context.registerService(ThreadRuntime.class, runtime, null),
                        context.registerService(PolicySlot.class, runtime.policySlot(), kind));
    }

    /** Applies what can change while threads run. */
    @Modified
    void modified(ThreadsConfig config) {
        ArachneOptions wanted = checked(config);
        if (wanted.pin() != options.pin()
                || wanted.othersNice() != options.othersNice()
                || wanted.mode() != options.mode()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "pin, others.nice and mode change at the next start only");
        }
        options = wanted;
        runtime.configure(wanted);
    }

    @Deactivate
    void close() {
        registrations.forEach(ServiceRegistration::unregister);
        runtime.close();
    }

    static ArachneOptions checked(ThreadsConfig config) {
        return new ArachneOptions(
                config.cores_min(),
                config.cores_max(),
                oneOf("pin", config.pin(), ArachneOptions.Pin.class),
                config.others_nice(),
                oneOf("mode", config.mode(), ArachneOptions.Mode.class),
                config.policy_limit_ms() * 1_000_000,
                config.policy_probation_ms() * 1_000_000);
    }

    private static <E extends Enum<E>> E oneOf(String key, String value, Class<E> type) {
        StringBuilder names = new StringBuilder();
        for (E each : type.getEnumConstants()) {
            String name = each.name().toLowerCase(Locale.ROOT).replace('_', '-');
            if (name.equals(value)) {
                return each;
            }
            names.append(names.isEmpty() ? "" : ", ").append(name);
        }
        Checks.require(false, "%s must be one of %s, was %s", key, names, value);
        throw new AssertionError();
    }
}
