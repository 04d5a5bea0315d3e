package io.silkstone.node.health;

import io.silkstone.node.config.ConfigStore;
import java.util.ArrayList;
import java.util.List;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Whether the files in etc are in force as they stand. */
@Component(
        service = HealthCheck.class,
        property = {HealthCheck.NAME + "=configuration", HealthCheck.TAGS + "=node"})
public final class ConfigurationCheck implements HealthCheck {
    private final ConfigStore store;

    /** Called by the component runtime. */
    @Activate
    public ConfigurationCheck(@Reference ConfigStore store) {
        this.store = store;
    }

    @Override
    public Result execute() {
        List<String> sentences = new ArrayList<>();
        List<String> problems = store.problems();
        if (!problems.isEmpty()) {
            sentences.add(String.join("; ", problems) + "; the last good values are in force.");
        }
        sentences.addAll(store.unread());
        return sentences.isEmpty()
                ? new Result(Result.Status.OK, "Every file in etc is in force.")
                : new Result(Result.Status.WARN, String.join(" ", sentences));
    }
}
