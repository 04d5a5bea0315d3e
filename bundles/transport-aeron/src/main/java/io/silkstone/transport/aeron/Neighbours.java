package io.silkstone.transport.aeron;

import io.aeron.exceptions.AeronException;
import io.aeron.exceptions.DriverTimeoutException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.ErrorHandler;

/** This transport's clients of other transports' drivers on its host, one for each driver. */
final class Neighbours {
    private static final System.Logger LOG = System.getLogger(Neighbours.class.getName());

    private final AeronOptions options;
    private final ErrorHandler errors;
    private final List<DriverClient> clients = new ArrayList<>();

    Neighbours(AeronOptions options, ErrorHandler errors) {
        this.options = options;
        this.errors = errors;
    }

    /**
     * The client of {@code driver}; null when that shows no life now.
     *
     * @throws AeronException when there is no way to attach to it
     */
    DriverClient client(Path driver) {
        for (DriverClient each : clients) {
            if (!each.isDead() && each.driver().equals(driver)) {
                return each;
            }
        }
        if (!DriverClient.isActive(driver, options)) {
            return null;
        }
        DriverClient fresh = new DriverClient(driver, options, this::onError);
        clients.add(fresh);
        return fresh;
    }

    /** That a neighbour ends is no error of this process, and its sessions say so themselves. */
    private void onError(Throwable error) {
        if (error instanceof DriverTimeoutException) {
            LOG.log(System.Logger.Level.DEBUG, "a neighbour is gone", error);
        } else {
            errors.onError(error);
        }
    }

    int doWork() {
        int work = 0;
        for (int index = 0; index < clients.size(); index++) {
            work += clients.get(index).doWork();
        }
        return work;
    }

    /** Lets go of drivers that no session uses. */
    void closeUnused() {
        for (int index = clients.size() - 1; index >= 0; index--) {
            if (!clients.get(index).isUsed()) {
                clients.remove(index).close();
            }
        }
    }
}
