package io.silkstone.policies.migrationstopandcopy;

import io.silkstone.api.migration.MigrationStrategy;
import io.silkstone.api.policy.Policy;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;

/** Offers {@link StopAndCopyStrategy} as a service. */
@Component(
        name = "io.silkstone.policies.migration.stop-and-copy",
        service = MigrationStrategy.class)
@Policy(kind = "migration", name = "stop-and-copy")
@Designate(ocd = StopAndCopyConfig.class)
public final class StopAndCopyComponent extends StopAndCopyStrategy {
    /** With the settings of the configuration. */
    @Activate
    public StopAndCopyComponent(StopAndCopyConfig config) {
        super(checked(config));
    }

    @Modified
    void modified(StopAndCopyConfig config) {
        configure(checked(config));
    }

    private static StopAndCopyOptions checked(StopAndCopyConfig config) {
        return new StopAndCopyOptions(
                config.partitions(), config.pull_bytes(), config.rate_bytes());
    }
}
