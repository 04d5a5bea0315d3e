package io.silkstone.policies.coresloadfactor;

import io.silkstone.api.policy.Policy;
import io.silkstone.api.threads.CorePolicy;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;

/** Offers {@link LoadFactorPolicy} as a service. */
@Component(name = "io.silkstone.policies.cores.loadfactor", service = CorePolicy.class)
@Policy(kind = "cores", name = "loadfactor")
@Designate(ocd = LoadFactorConfig.class)
public final class LoadFactorComponent extends LoadFactorPolicy {
    /** With the settings of the configuration. */
    @Activate
    public LoadFactorComponent(LoadFactorConfig config) {
        super(checked(config));
    }

    @Modified
    void modified(LoadFactorConfig config) {
        configure(checked(config));
    }

    private static LoadFactorOptions checked(LoadFactorConfig config) {
        return LoadFactorOptions.of(
                config.load_factor_max(),
                config.interval_ms(),
                config.hysteresis(),
                config.spin_us(),
                config.yields(),
                config.park_max_ms());
    }
}
