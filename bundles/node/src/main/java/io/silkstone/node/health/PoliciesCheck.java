package io.silkstone.node.health;

import io.silkstone.api.policy.PolicyDirectory;
import java.util.List;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Whether a policy has failed. */
@Component(
        service = HealthCheck.class,
        property = {HealthCheck.NAME + "=policies", HealthCheck.TAGS + "=node"})
public final class PoliciesCheck implements HealthCheck {
    private final PolicyDirectory directory;

    /** Called by the component runtime. */
    @Activate
    public PoliciesCheck(@Reference PolicyDirectory directory) {
        this.directory = directory;
    }

    @Override
    public Result execute() {
        List<String> failed =
                directory.installed().stream()
                        .filter(entry -> entry.state().equals("failed"))
                        .map(entry -> entry.policy().toString())
                        .toList();
        List<String> unmet = directory.unmet();
        if (failed.isEmpty()) {
            return unmet.isEmpty()
                    ? new Result(Result.Status.OK, "No policy has failed.")
                    : new Result(Result.Status.WARN, String.join(" ", unmet));
        }
        return new Result(
                Result.Status.WARN,
                "%s failed and is not used; `policy:history` says why."
                        .formatted(String.join(", ", failed)));
    }
}
