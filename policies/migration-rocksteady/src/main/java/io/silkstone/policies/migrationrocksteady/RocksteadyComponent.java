package io.silkstone.policies.migrationrocksteady;

import io.silkstone.api.migration.MigrationStrategy;
import io.silkstone.api.policy.Policy;
import java.util.concurrent.TimeUnit;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;

/** Offers {@link RocksteadyStrategy} as a service. */
@Component(name = "io.silkstone.policies.migration.rocksteady", service = MigrationStrategy.class)
@Policy(kind = "migration", name = "rocksteady")
@Designate(ocd = RocksteadyConfig.class)
public final class RocksteadyComponent extends RocksteadyStrategy {
    /** With the settings of the configuration. */
    @Activate
    public RocksteadyComponent(RocksteadyConfig config) {
        super(checked(config));
    }

    @Modified
    void modified(RocksteadyConfig config) {
        configure(checked(config));
    }

    private static RocksteadyOptions checked(RocksteadyConfig config) {
        return new RocksteadyOptions(
                config.partitions(),
                RocksteadyOptions.pullOrder(config.pull_order()),
                config.pull_bytes(),
                config.pull_busy_bytes(),
                config.pulls(),
                TimeUnit.MICROSECONDS.toNanos(config.pull_hold_micros()),
                config.rate_bytes(),
                RocksteadyOptions.priorityPulls(config.priority_pulls()),
                config.background_pulls(),
                TimeUnit.MICROSECONDS.toNanos(config.late_micros()));
    }
}
