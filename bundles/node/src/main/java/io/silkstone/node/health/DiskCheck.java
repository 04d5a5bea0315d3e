package io.silkstone.node.health;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Whether the home directory's disk has room for logs and data. */
@Component(
        service = HealthCheck.class,
        property = {HealthCheck.NAME + "=disk", HealthCheck.TAGS + "=node"})
public final class DiskCheck implements HealthCheck {
    private static final long WARN_BYTES = 1L << 30;
    private static final long CRITICAL_BYTES = 64L << 20;

    private final Path home;

    /** Called by the component runtime. */
    @Activate
    public DiskCheck(BundleContext context) {
        home = Path.of(context.getProperty("silkstone.home"));
    }

    @Override
    public Result execute() {
        try {
            return judge(Files.getFileStore(home).getUsableSpace());
        } catch (IOException failure) {
            return new Result(
                    Result.Status.CRITICAL,
                    "The disk of %s cannot be asked: %s".formatted(home, failure.getMessage()));
        }
    }

    static Result judge(long usableBytes) {
        Result.Status status =
                usableBytes < CRITICAL_BYTES
                        ? Result.Status.CRITICAL
                        : usableBytes < WARN_BYTES ? Result.Status.WARN : Result.Status.OK;
        return new Result(
                status, "%d MiB are free where the home is.".formatted(usableBytes >> 20));
    }
}
