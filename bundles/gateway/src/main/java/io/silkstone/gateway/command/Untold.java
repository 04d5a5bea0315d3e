package io.silkstone.gateway.command;

import io.silkstone.gateway.cluster.Routes;
import java.util.function.BooleanSupplier;

/**
 * Replies of a node that serves under a lease, from the moment at which they are written until they
 * may be told. A request is run first, then the lease is looked at, and only then its reply leaves:
 * a process that was stopped in between, and others served its keys, tells nobody what it saw.
 *
 * <p>To look at the lease is to read a clock, which costs as much as a GET. So it is done once for
 * the requests that arrive together; {@link #made} and {@link #settle} stand around them. Requests
 * that have nothing to do with data are not concerned. Not thread-safe.
 */
final class Untold {
    static final String ERROR =
            "CLUSTERDOWN this node has lost its lease; the outcome of the command is not known";

    static final String NO_LEASE =
            "CLUSTERDOWN this node has no lease from the coordinator at present; nothing was done";

    private final Exchange x;
    private final BooleanSupplier mayTell;
    private Routes routes;
    private long mark;
    private int count;
    private boolean doubted = true;

    Untold(Exchange x) {
        this.x = x;
        this.mayTell = () -> routes.mayTell();
    }

    /**
     * Whether the node is known to have no lease, so that there is no use in running anything. As
     * long as nothing speaks for that the clock is not read.
     */
    boolean isInVain(Routes now) {
        if (doubted) {
            doubted = !now.mayTell();
        }
        return doubted;
    }

    /** A request on data is about to write its reply. */
    void made(Routes now) {
        if (count++ == 0) {
            routes = now;
            mark = x.out.written();
            x.out.guard(mayTell);
        }
    }

    /** The last of what was made is not: its reply is to come from elsewhere. */
    void tookBack() {
        if (--count == 0) {
            x.out.guard(null);
        }
    }

    /** What was made so far may be told, or is replaced by an error for each request. */
    void settle() {
        if (count == 0) {
            return;
        }
        int replies = count;
        count = 0;
        x.out.guard(null);
        if (routes.mayTell()) {
            return;
        }
        doubted = true;
        if (!x.out.rewind(mark)) {
            x.out.abandon();
            return;
        }
        for (int i = 0; i < replies; i++) {
            x.out.error(ERROR);
            x.server.statistics.error(ERROR);
        }
    }

    /** Forgets what was made: it goes nowhere. */
    void forget() {
        count = 0;
    }
}
