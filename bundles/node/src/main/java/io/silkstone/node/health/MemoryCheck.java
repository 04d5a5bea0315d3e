package io.silkstone.node.health;

import io.silkstone.api.store.KvStore;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/**
 * How much of the store's memory living data take. The log may fill its memory whole, since the
 * cleaner empties it again; what counts is what no cleaner can free.
 */
@Component(
        service = HealthCheck.class,
        property = {HealthCheck.NAME + "=memory", HealthCheck.TAGS + "=node"})
public final class MemoryCheck implements HealthCheck {
    private static final int WARN_PERCENT = 90;
    private static final int CRITICAL_PERCENT = 97;

    /** This node's own, in a cluster too. */
    @Reference(
            target = "(silkstone.scope=local)",
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC)
    private volatile KvStore store;

    /** Called by the component runtime. */
    public MemoryCheck() {}

    @Override
    public Result execute() {
        KvStore current = store;
        if (current == null) {
            return new Result(Result.Status.WARN, "No store is installed or ready.");
        }
        return judge(current.usage());
    }

    static Result judge(KvStore.Usage usage) {
        long living = usage.logLive() + usage.hashTables();
        long percent = usage.capacity() == 0 ? 0 : Math.round(100.0 * living / usage.capacity());
        Result.Status status =
                percent >= CRITICAL_PERCENT
                        ? Result.Status.CRITICAL
                        : percent >= WARN_PERCENT ? Result.Status.WARN : Result.Status.OK;
        return new Result(
                status,
                "%s hash tables take %d %% of %d MiB."
                        .formatted(
                                usage.objects() == 1
                                        ? "1 object and the"
                                        : usage.objects() + " objects and their",
                                percent,
                                usage.capacity() >> 20));
    }
}
