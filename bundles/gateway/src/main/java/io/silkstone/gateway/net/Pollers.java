package io.silkstone.gateway.net;

import io.silkstone.api.threads.CorePoller;
import io.silkstone.api.threads.CorePollerFactory;
import io.silkstone.gateway.command.ServerContext;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** The pollers of all cores that the runtime holds. Threads: any. */
public final class Pollers implements CorePollerFactory {
    private final ServerContext server;
    private final Transport transport;
    private final List<SocketPoller> present = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> first = new CompletableFuture<>();

    /** None yet: the runtime makes them. */
    public Pollers(ServerContext server, Transport transport) {
        this.server = server;
        this.transport = transport;
    }

    @Override
    public CorePoller create(int core) {
        SocketPoller[] made = new SocketPoller[1];
        made[0] = new SocketPoller(server, transport, () -> present.remove(made[0]));
        present.add(made[0]);
        first.complete(null);
        return made[0];
    }

    /** Completes when there is one. */
    public CompletableFuture<Void> first() {
        return first;
    }

    /**
     * The one with the fewest connections among those that stay; where the others go when all that
     * were there a moment ago are leaving. Called once {@link #first} is complete.
     */
    SocketPoller leastLoaded() {
        SocketPoller least = null;
        for (SocketPoller poller : present) {
            SocketPoller stays = poller.target();
            if (least == null || stays.load() < least.load()) {
                least = stays;
            }
        }
        return least;
    }

    /** How many cores are polled now. */
    public int size() {
        return present.size();
    }
}
