package io.silkstone.policies.migrationsourceretains;

import io.silkstone.api.migration.MigrationStrategy;
import io.silkstone.api.policy.Policy;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;

/** Offers {@link SourceRetainsStrategy} as a service. */
@Component(
        name = "io.silkstone.policies.migration.source-retains",
        service = MigrationStrategy.class)
@Policy(kind = "migration", name = "source-retains")
@Designate(ocd = SourceRetainsConfig.class)
public final class SourceRetainsComponent extends SourceRetainsStrategy {
    /** With the settings of the configuration. */
    @Activate
    public SourceRetainsComponent(SourceRetainsConfig config) {
        super(checked(config));
    }

    @Modified
    void modified(SourceRetainsConfig config) {
        configure(checked(config));
    }

    private static SourceRetainsOptions checked(SourceRetainsConfig config) {
        return new SourceRetainsOptions(
                config.partitions(), config.pull_bytes(), config.rate_bytes());
    }
}
