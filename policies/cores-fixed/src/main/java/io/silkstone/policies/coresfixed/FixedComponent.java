package io.silkstone.policies.coresfixed;

import io.silkstone.api.policy.Policy;
import io.silkstone.api.threads.CorePolicy;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;

/** Offers {@link FixedPolicy} as a service. */
@Component(name = "io.silkstone.policies.cores.fixed", service = CorePolicy.class)
@Policy(kind = "cores", name = "fixed")
@Designate(ocd = FixedConfig.class)
public final class FixedComponent extends FixedPolicy {
    /** With the settings of the configuration. */
    @Activate
    public FixedComponent(FixedConfig config) {
        super(checked(config));
    }

    @Modified
    void modified(FixedConfig config) {
        configure(checked(config));
    }

    private static FixedOptions checked(FixedConfig config) {
        return FixedOptions.of(
                config.cores(), config.spin_us(), config.yields(), config.park_max_ms());
    }
}
