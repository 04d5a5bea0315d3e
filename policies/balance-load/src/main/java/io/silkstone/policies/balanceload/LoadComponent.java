package io.silkstone.policies.balanceload;

import io.silkstone.api.balance.BalanceStrategy;
import io.silkstone.api.policy.Policy;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;

/** Offers {@link LoadStrategy} as a service. */
@Component(name = "io.silkstone.policies.balance.load", service = BalanceStrategy.class)
@Policy(kind = "balance", name = "load")
@Designate(ocd = LoadConfig.class)
public final class LoadComponent extends LoadStrategy {
    /** With the settings of the configuration. */
    @Activate
    public LoadComponent(LoadConfig config) {
        super(checked(config));
    }

    @Modified
    void modified(LoadConfig config) {
        configure(checked(config));
    }

    private static LoadOptions checked(LoadConfig config) {
        return new LoadOptions(config.ratio(), config.least_load(), config.cut());
    }
}
