package io.silkstone.node.health;

import io.silkstone.node.diagnosis.ComponentStates;
import io.silkstone.node.diagnosis.Diagnosis;
import java.util.List;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.runtime.ServiceComponentRuntime;

/** Whether every bundle is resolved and every component works. */
@Component(
        service = HealthCheck.class,
        property = {HealthCheck.NAME + "=components", HealthCheck.TAGS + "=node"})
public final class ComponentsCheck implements HealthCheck {
    private static final int SENTENCES_MAX = 5;

    private final Diagnosis diagnosis;

    /** Called by the component runtime. */
    @Activate
    public ComponentsCheck(BundleContext context, @Reference ServiceComponentRuntime runtime) {
        diagnosis = new Diagnosis(context, new ComponentStates(() -> runtime));
    }

    @Override
    public Result execute() {
        List<String> faults = diagnosis.faults();
        if (faults.isEmpty()) {
            return new Result(Result.Status.OK, diagnosis.summary());
        }
        return new Result(
                Result.Status.CRITICAL,
                String.join(" ", faults.stream().limit(SENTENCES_MAX).toList())
                        + (faults.size() > SENTENCES_MAX ? " `node:why` has the rest." : ""));
    }
}
